"""Who may call what: access decisions, tokens, keys."""
