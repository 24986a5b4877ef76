"""Requests and responses: the middleware, errors, validation, lists, OpenAPI."""
