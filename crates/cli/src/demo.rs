//! `conclave demo`: a small community on this machine, to look at.
//!
//! Nothing in it is pretended: a relay and five nodes run in this process, each on a profile of its own, on loopback alone.
//! What its people do they do over the local API of their node, as the app and the command line do.

mod args;
mod cast;
mod curtain;
mod founding;
mod guest;
mod life;
mod person;
mod stage;
mod story;
mod telling;

use std::sync::Arc;

use serde_json::json;
use tokio::runtime::Handle;

pub use self::args::DemoArgs;
use self::curtain::{Break, Curtain};
use self::stage::{Backstage, Stage};
use self::story::Story;
use self::telling::Telling;
use crate::error::CliError;
use crate::output::Output;

/// Plays until told to stop, and leaves nothing behind.
pub async fn run(args: DemoArgs, out: Output) -> Result<(), CliError> {
    let backstage = Backstage::open(args.keep.as_deref()).await?;
    let stage = Stage::new(&backstage, Handle::current(), args.viewer, args.port);
    let curtain = Arc::new(Curtain::default());
    let playing = {
        let curtain = Arc::clone(&curtain);
        tokio::task::spawn_blocking(move || play(stage, &curtain, &args, out))
    };
    tokio::pin!(playing);
    let (played, stopped) = tokio::select! {
        played = &mut playing => (played, Ok(())),
        stopped = crate::signals::stop() => {
            curtain.close();
            (playing.await, stopped)
        }
    };
    backstage.close().await;
    played.map_err(|error| CliError::Demo(error.to_string()))??;
    stopped
}

/// The whole play, on a thread of its own: its people wait for answers, as people do.
fn play(mut stage: Stage, curtain: &Curtain, args: &DemoArgs, out: Output) -> Result<(), CliError> {
    let outcome = act(&mut stage, curtain, args, out);
    stage.clear();
    match outcome {
        Ok(()) | Err(Break::Closed) => Ok(()),
        Err(Break::Failed(error)) => Err(error),
    }
}

fn act(stage: &mut Stage, curtain: &Curtain, args: &DemoArgs, out: Output) -> Result<(), Break> {
    let mut telling = Telling::new(out);
    stage.raise(curtain)?;
    let people = stage.describe();
    telling.tell(
        "stage",
        &format!(
            "a relay and {} nodes run, on this machine alone",
            cast::ALL.len()
        ),
        json!({ "relay": stage.relay_url(), "people": people }),
    );
    for who in cast::ALL {
        telling.person(&stage.person(who)?.id, who.name());
    }
    let places = founding::found(stage, curtain, &mut telling)?;
    let open = stage.open_url(args.viewer)?;
    telling.open(args.viewer, &open, &stage.home());
    if !args.no_open {
        crate::run::open_browser(&stage.home(), &open);
    }
    let mut story = Story::new(stage, curtain, telling, places, args);
    life::live(&mut story, args.rounds)
}
