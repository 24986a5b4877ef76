"""The part of the service that is the same in all of the organisation's services.

The template owns this folder: a template update replaces it. The service's own code imports it; it
never imports the service's own code.
"""
