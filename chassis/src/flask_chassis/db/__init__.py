"""PostgreSQL database access through SQLAlchemy."""
