"""The template editor: fields of known forms, named and set right in the browser."""
