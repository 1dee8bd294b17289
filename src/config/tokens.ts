/** The variables of tokens, checked. */
interface TokenVariables {
  JWT_ISSUER?: string | undefined;
  JWT_AUDIENCE?: string | undefined;
  JWT_JWKS_URL?: string | undefined;
  JWT_SECRET?: string | undefined;
  JWT_WORKSPACE_CLAIM: string;
  JWT_SCOPES_CLAIM: string;
  JWT_CLOCK_SKEW: number;
}

/** Which tokens are let in, and the names of their claims. */
export interface Tokens {
  issuer: string;
  audience: string;
  keys: { jwksUrl: string } | { secret: string };
  workspaceClaim: string;
  scopesClaim: string;
  /** Seconds by which the issuer's clock may differ. */
  clockSkew: number;
}

/** What the variables say of tokens; nothing where none are let in. */
export function tokensOf(data: TokenVariables): Tokens | undefined {
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_JWKS_URL: jwksUrl, JWT_SECRET: secret } = data;
  const keys = jwksUrl !== undefined ? { jwksUrl } : secret !== undefined ? { secret } : undefined;
  if (issuer === undefined || audience === undefined || !keys) return undefined;
  const [workspaceClaim, scopesClaim] = [data.JWT_WORKSPACE_CLAIM, data.JWT_SCOPES_CLAIM];
  return { issuer, audience, keys, workspaceClaim, scopesClaim, clockSkew: data.JWT_CLOCK_SKEW };
}
