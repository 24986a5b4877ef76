"""The tests of the invoices."""
