"""A token endpoint as Microsoft Entra's, for the simulated Dynamics: a scope for each environment."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis._odata import ODataApi
from sandbox.apis.api import Answer

_WRONG_SECRET = "AADSTS7000215: Invalid client secret provided."  # noqa: S105 - of a simulated system
_WRONG_SCOPE = "AADSTS70011: The provided value for the input parameter 'scope' is not valid."


class DynamicsApi(ODataApi):
    """``tenant``, ``client`` and ``secret`` are what a token is given for."""

    tenant, client = "contoso", "4711-client"
    secret = "entra-secret"  # noqa: S105 - of a simulated system
    absolute_links = True
    precision = "seconds"
    unknown_property = "Could not find a property named '{name}' on type '{table}'."

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """The lists, and the token endpoint that needs no token."""
        return [*super().routes(), (f"/{self.tenant}/oauth2/v2.0/token", ("POST",), self._token, True)]

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        if (form.get("client_id"), form.get("client_secret")) != (self.client, self.secret):
            return JSONResponse({"error": "invalid_client", "error_description": _WRONG_SECRET}, 401)
        if form.get("scope") != f"{request.url.scheme}://{request.url.netloc}/.default":
            return JSONResponse({"error": "invalid_scope", "error_description": _WRONG_SCOPE}, 400)
        return JSONResponse({"access_token": self.token(), "token_type": "Bearer", "expires_in": 3599})
