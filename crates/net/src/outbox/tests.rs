#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::frame::Decoder;

use super::*;

async fn frames_of_next_batch(outbox: &Outbox) -> Vec<(Channel, usize)> {
    let batch = outbox.next_batch().await.unwrap().unwrap();
    let mut decoder = Decoder::new(PAYLOAD_LEN_MAX);
    let mut frames = Vec::new();
    for chunk in &batch.chunks {
        let mut input = &chunk[..];
        while let Some(frame) = decoder.decode(&mut input).unwrap() {
            frames.push((frame.channel, frame.payload.len()));
        }
    }
    assert!(decoder.is_at_boundary());
    outbox.written(&batch);
    frames
}

#[tokio::test]
async fn small_messages_leave_together_and_large_ones_uncopied() {
    let outbox = Outbox::new(1 << 20);
    let large = Bytes::from(vec![7; 50_000]);
    outbox
        .push(vec![
            Payload::message("a"),
            Payload::message("bc"),
            Payload::message(large.clone()),
        ])
        .unwrap();
    let batch = outbox.next_batch().await.unwrap().unwrap();
    assert_eq!(batch.chunks.len(), 2);
    assert_eq!(batch.chunks[1].as_ptr(), large.as_ptr());
}

#[tokio::test]
async fn bulk_gives_way_to_messages_but_is_not_starved() {
    let outbox = Outbox::new(1 << 20);
    outbox
        .push(vec![
            Payload::bulk(vec![1; 9_000]),
            Payload::bulk(vec![2; 9_001]),
        ])
        .unwrap();
    outbox
        .push(vec![Payload::message(vec![3; 40_000]); 4])
        .unwrap();
    let mut sent = Vec::new();
    for _ in 0..2 {
        sent.push(frames_of_next_batch(&outbox).await);
    }
    let messages = [(Channel::Messages, 40_000); 2];
    assert_eq!(
        sent[0],
        [messages.as_slice(), &[(Channel::Bulk, 9_000)]].concat()
    );
    assert_eq!(
        sent[1],
        [messages.as_slice(), &[(Channel::Bulk, 9_001)]].concat()
    );
}

#[tokio::test]
async fn the_queue_is_bounded_in_bytes_and_takes_all_of_a_batch_or_nothing() {
    let outbox = Outbox::new(1000);
    let payload = |len: usize| Payload::message(vec![0; len]);
    assert!(matches!(
        outbox.push(vec![payload(500), payload(500)]),
        Err(SendError::BatchTooLarge { max: 1000, .. })
    ));
    assert_eq!(outbox.push(vec![payload(500)]), Ok(true));
    let queued = 500 + OVERHEAD_LEN;
    assert_eq!(
        outbox.push(vec![payload(1), payload(500)]),
        Err(SendError::SlowPeer { queued })
    );
    assert_eq!(outbox.push(vec![payload(300)]), Ok(true));
    assert_eq!(
        frames_of_next_batch(&outbox).await,
        [(Channel::Messages, 500), (Channel::Messages, 300)]
    );
    assert_eq!(
        outbox.push(vec![payload(900)]),
        Ok(true),
        "room is free again once written"
    );
}

#[tokio::test]
async fn empty_payloads_are_bounded_too() {
    let outbox = Outbox::new(1000);
    let accepted = (0..1000)
        .take_while(|_| outbox.push(vec![Payload::message("")]).is_ok())
        .count();
    assert_eq!(accepted, 1000 / OVERHEAD_LEN);
}

#[tokio::test]
async fn a_payload_beyond_the_frame_limit_is_the_callers_fault() {
    let outbox = Outbox::new(usize::MAX / 2);
    let refused = outbox.push(vec![Payload::message(vec![0; PAYLOAD_LEN_MAX + 1])]);
    assert!(matches!(
        refused,
        Err(SendError::Frame(FrameError::TooLong { .. }))
    ));
    assert_eq!(
        outbox.push(vec![Payload::message(vec![0; PAYLOAD_LEN_MAX])]),
        Ok(true)
    );
}

#[tokio::test]
async fn whoever_waits_for_room_is_woken_when_a_batch_is_written_and_when_all_ends() {
    let outbox = Outbox::new(1000);
    assert!(outbox.room(5000).await, "asks for the whole queue at most");
    outbox.push(vec![Payload::message(vec![0; 800])]).unwrap();
    let (has_room, _) = tokio::join!(outbox.room(800), frames_of_next_batch(&outbox));
    assert!(has_room);
    outbox.push(vec![Payload::message(vec![0; 800])]).unwrap();
    let (has_room, ()) = tokio::join!(outbox.room(800), async { outbox.close() });
    assert!(!has_room);
}

#[tokio::test]
async fn finishing_lets_the_writer_empty_the_queue_first() {
    let outbox = Outbox::new(1000);
    outbox.push(vec![Payload::message("last words")]).unwrap();
    outbox.finish();
    assert_eq!(outbox.push(vec![Payload::message("too late")]), Ok(false));
    assert_eq!(
        frames_of_next_batch(&outbox).await,
        [(Channel::Messages, 10)]
    );
    assert!(outbox.next_batch().await.unwrap().is_none());
}
