"""HTML pages: sessions and login, security headers, error pages, safe redirects."""
