//! What pulldown-cmark does not know: mentions, `:emoji:`, bare links, spoilers.
