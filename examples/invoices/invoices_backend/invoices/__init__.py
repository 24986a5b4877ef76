"""The invoices that this service owns."""
