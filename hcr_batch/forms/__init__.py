"""Known forms: templates, the rules of their fields, registration, drafts."""
