"""The operator's command line, ``gas-admin``. Every image has it; it reads the settings of the services."""
