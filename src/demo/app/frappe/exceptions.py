"""The exceptions that demo jobs raise."""


class ValidationError(Exception):
    http_status_code = 417


class LinkValidationError(ValidationError):
    pass
