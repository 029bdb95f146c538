//! Opens the QUIC endpoint with this protocol's settings.

use std::net::{Ipv4Addr, Ipv6Addr};

use iroh::{
    Endpoint, RelayMode, SecretKey,
    dns::DnsResolver,
    endpoint::{BindOpts, NetReportConfig, QuicTransportConfig, VarInt, presets},
};

use crate::{config::NetConfig, error::BindError, handshake::ALPN, homes::Homes};

/// Bytes that a peer may send on the stream before they are read; also the most that QUIC buffers for one that does
/// not read. Enough for 80 Mbit/s at 100 ms.
const STREAM_WINDOW_LEN: u32 = 1 << 20;

/// Opens the sockets. No server of a third party is asked: relays come from the configuration alone, and
/// their names are resolved by the system's own name servers.
pub(crate) async fn open(config: &NetConfig, homes: &Homes) -> Result<Endpoint, BindError> {
    let idle_timeout = config
        .limits
        .idle_timeout
        .try_into()
        .map_err(|_| BindError::Socket("idle timeout".into()))?;
    let transport = QuicTransportConfig::builder()
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_LEN))
        .receive_window(VarInt::from_u32(STREAM_WINDOW_LEN))
        .send_window(STREAM_WINDOW_LEN.into())
        .max_idle_timeout(Some(idle_timeout))
        .build();
    let mut probes = NetReportConfig::default();
    probes.captive_portal_check = false; // would ask the relay's host over plain HTTP
    let mut builder = Endpoint::builder(presets::Minimal)
        .secret_key(SecretKey::from_bytes(&config.secret_key))
        .alpns(vec![ALPN.to_vec()])
        .transport_config(transport)
        .net_report_config(probes)
        // By default iroh asks public resolvers when the system's own do not answer, and shows them the relays' names.
        .dns_resolver(
            DnsResolver::builder()
                .with_system_defaults()
                .disable_fallback()
                .build(),
        )
        .ca_tls_config(homes.pins().tls_config())
        .relay_mode(RelayMode::Custom(homes.map()));
    if !config.direct {
        builder = builder.clear_ip_transports();
    } else if let Some(addr) = config.bind {
        builder = builder
            .clear_ip_transports()
            .bind_addr(addr)
            .map_err(|error| BindError::Socket(error.to_string()))?;
    } else if config.port != 0 {
        // A machine may have no IPv6.
        let optional = BindOpts::default().set_is_required(false);
        let port = config.port;
        builder = builder
            .clear_ip_transports()
            .bind_addr((Ipv4Addr::UNSPECIFIED, port))
            .and_then(|all| all.bind_addr_with_opts((Ipv6Addr::UNSPECIFIED, port), optional))
            .map_err(|error| BindError::Socket(error.to_string()))?;
    }
    builder
        .bind()
        .await
        .map_err(|error| BindError::Socket(format!("{error:#}")))
}
