import { z } from 'zod';
import type { TokenSettings } from '../auth/tokens.ts';
import { keysUrl, wholeNumber } from './values.ts';

/** The variables that configure token authentication. */
export const tokenVariables = {
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  JWT_JWKS_URL: keysUrl.optional(),
  JWT_SECRET: z.string().min(32, { error: 'must have at least 32 characters' }).optional(),
  JWT_WORKSPACE_CLAIM: z.string().default('workspace'),
  JWT_SCOPES_CLAIM: z.string().default('scope'),
  JWT_CLOCK_SKEW: wholeNumber(0, 300).default(10),
};

const variables = z.object(tokenVariables);

type TokenVariables = z.output<typeof variables>;

/** Token authentication needs an issuer, an audience, and either a JWKS URL or a secret. */
export function checkTokens(
  { JWT_ISSUER, JWT_AUDIENCE, JWT_JWKS_URL, JWT_SECRET }: TokenVariables,
  report: (name: string, message: string) => void,
): void {
  if (!JWT_ISSUER && !JWT_AUDIENCE && !JWT_JWKS_URL && !JWT_SECRET) return;
  if (!JWT_ISSUER) report('JWT_ISSUER', 'must be set to the "iss" claim of the tokens');
  if (!JWT_AUDIENCE) report('JWT_AUDIENCE', 'must be set to the "aud" claim of the tokens');
  if (!JWT_JWKS_URL && !JWT_SECRET) report('JWT_JWKS_URL', 'must be set to verify tokens, unless JWT_SECRET is set');
  if (JWT_JWKS_URL && JWT_SECRET) report('JWT_SECRET', 'must not be set together with JWT_JWKS_URL');
}

/** Converts validated variables. Returns undefined if token authentication is not configured. */
export function toTokenSettings(data: TokenVariables): TokenSettings | undefined {
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_JWKS_URL: jwksUrl, JWT_SECRET: secret } = data;
  const keys = jwksUrl !== undefined ? { jwksUrl } : secret !== undefined ? { secret } : undefined;
  if (issuer === undefined || audience === undefined || !keys) return undefined;
  const [workspaceClaim, scopesClaim] = [data.JWT_WORKSPACE_CLAIM, data.JWT_SCOPES_CLAIM];
  return { issuer, audience, keys, workspaceClaim, scopesClaim, clockSkew: data.JWT_CLOCK_SKEW };
}
