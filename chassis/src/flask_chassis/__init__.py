"""The microservice chassis: everything at run time that is the same in all services."""
