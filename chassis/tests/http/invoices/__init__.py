"""An invoices API, unlike all else that the tests have: nested, with money, dates and states."""
