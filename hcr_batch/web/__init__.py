"""What the web pages share: safe answers, bounded connections, a port."""
