import { z } from 'zod';
import type { TokenSettings } from '../auth/tokens.ts';
import { keysUrl, wholeNumber } from './values.ts';

/** The variables that let people in by token. */
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

/** Tokens need all that tells whose they are and whom they are for, and one kind of key. */
export function checkTokens(
  { JWT_ISSUER, JWT_AUDIENCE, JWT_JWKS_URL, JWT_SECRET }: TokenVariables,
  fault: (name: string, message: string) => void,
): void {
  if (!JWT_ISSUER && !JWT_AUDIENCE && !JWT_JWKS_URL && !JWT_SECRET) return;
  if (!JWT_ISSUER) fault('JWT_ISSUER', 'must be set for tokens: their iss');
  if (!JWT_AUDIENCE) fault('JWT_AUDIENCE', 'must be set for tokens: their aud');
  if (!JWT_JWKS_URL && !JWT_SECRET) fault('JWT_JWKS_URL', 'must be set for tokens, or JWT_SECRET');
  if (JWT_JWKS_URL && JWT_SECRET) fault('JWT_SECRET', 'cannot be set with JWT_JWKS_URL');
}

/** What checked variables say of tokens; nothing where none are let in. */
export function toTokenSettings(data: TokenVariables): TokenSettings | undefined {
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_JWKS_URL: jwksUrl, JWT_SECRET: secret } = data;
  const keys = jwksUrl !== undefined ? { jwksUrl } : secret !== undefined ? { secret } : undefined;
  if (issuer === undefined || audience === undefined || !keys) return undefined;
  const [workspaceClaim, scopesClaim] = [data.JWT_WORKSPACE_CLAIM, data.JWT_SCOPES_CLAIM];
  return { issuer, audience, keys, workspaceClaim, scopesClaim, clockSkew: data.JWT_CLOCK_SKEW };
}
