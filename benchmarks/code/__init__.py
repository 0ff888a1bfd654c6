"""Our own problems in ENAMEL's form, with recorded solutions of known efficiency."""
