//! `sweep --shared`: what all environments shared goes once none is left.

use crate::aws::census;
use crate::aws::ledger::{Ledger, TABLE};
use crate::cli::apply;
use crate::cli::envs::{self, TABLE_TYPE};
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::session::Session;
use crate::model::SharedPiece;
use crate::model::text::one_line;
use crate::resources::TYPES;
use crate::stack::REGIONS;
use serde_json::json;
use std::collections::BTreeSet;

/// Lists the pieces that `--shared` would check; changes nothing.
pub(super) async fn list_pieces(session: &Session, output: &Output) -> Result<(), CliError> {
    let ledger = session.ledger(output);
    let why = "a dry run; it goes where no environment is left and nothing else uses it";
    let pieces = envs::shared_pieces(session, &ledger).await?;
    pieces.iter().for_each(|piece| print_piece(piece, Some(why), output));
    Ok(())
}

/// Removes the shared pieces that nothing uses any more, and tells of each what became of it.
///
/// Errors: a read or a delete that failed; the pieces after it are not tried.
pub(super) async fn remove_pieces(session: &Session, output: &Output) -> Result<(), CliError> {
    let ledger = session.ledger(output);
    let pieces = envs::shared_pieces(session, &ledger).await?;
    let left = environments_left(session, &ledger).await?;
    if !left.is_empty() {
        let names: Vec<_> = left.iter().map(|name| one_line(name)).collect();
        let why = format!("environments are left: {}", names.join(", "));
        pieces.iter().for_each(|piece| print_piece(piece, Some(&why), output));
        return Ok(());
    }

    let others = REGIONS.iter().filter(|r| **r != session.scope.region);
    let elsewhere: Vec<_> = others.map(|region| session.in_region(region, output).reader).collect();
    let writer = apply::writer(session);
    for piece in pieces.iter().filter(|piece| !is_table(piece)) {
        let mut kept = None;
        for resource_type in TYPES {
            let known = resource_type.shared(&session.reader).await?;
            if known.contains(piece) {
                kept = resource_type.remove_shared(&writer, piece, &elsewhere).await?;
                break;
            }
        }
        print_piece(piece, kept.as_deref(), output);
    }
    // The table last: it holds the locks of whoever may have come meanwhile.
    for piece in pieces.iter().filter(|piece| is_table(piece)) {
        print_piece(piece, ledger.remove_table().await?.as_deref(), output);
    }
    Ok(())
}

/// The environments of the region as `stack/env`: by their resources, and by the table's records,
/// which know of one that the tag index does not show yet.
async fn environments_left(
    session: &Session,
    ledger: &Ledger,
) -> Result<BTreeSet<String>, CliError> {
    let mut left = ledger.environments().await?;
    let known = census::environments(&session.reader).await?;
    left.extend(known.iter().map(|one| format!("{}/{}", one.stack, one.env)));
    Ok(left)
}

/// True for the table of locks and records. The origin access control has the same name.
fn is_table(piece: &SharedPiece) -> bool {
    piece.type_name == TABLE_TYPE && piece.name == TABLE
}

/// `kept` says why a piece is still there.
fn print_piece(piece: &SharedPiece, kept: Option<&str>, output: &Output) {
    let status = if kept.is_some() { "kept" } else { "deleted" };
    let message = kept.unwrap_or_default();
    if output.json {
        output.json_line(&json!({
            "event": "shared", "type": piece.type_name, "name": piece.name, "status": status,
            "message": message,
        }));
    } else {
        let why = if message.is_empty() { String::new() } else { format!(": {message}") };
        output.result(&format!("shared  {}  {}  {status}{why}", piece.type_name, piece.name));
    }
}
