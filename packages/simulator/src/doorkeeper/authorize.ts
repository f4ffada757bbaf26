import { randomHex } from '../random.js'
import { fail, failMissing, type OAuthFailure } from './failure.js'
import {
  type AccessGrant,
  type Application,
  type Doorkeeper,
  outOfBandUri,
  type Parameters,
  present,
} from './model.js'
import { extendRedirectUri, isSameRedirectUri } from './redirect-uri.js'
import { isSameScope, isScopeWithin } from './tokens.js'

/** Lifetime of an authorization code in seconds. */
export const codeLifetimeSeconds = 600

/** An authorization request that was found in order. */
export interface AuthorizationRequest {
  readonly ok: true
  readonly application: Application
  readonly redirectUri: string
  readonly scope: string
  readonly state: string | undefined
  readonly codeChallenge: string | undefined
  readonly codeChallengeMethod: string | undefined
}

/** A code and the place where the browser takes it. */
export interface IssuedCode {
  readonly code: string
  readonly location: string
}

/**
 * Checks the parameters of an authorization request.
 *
 * @param doorkeeper The authorization server.
 * @param parameters Decoded request parameters.
 * @returns The request, or why it is refused.
 */
export function readAuthorizationRequest(
  doorkeeper: Doorkeeper,
  parameters: Parameters,
): AuthorizationRequest | OAuthFailure {
  const { settings } = doorkeeper
  const clientId = present(parameters, 'client_id')
  if (clientId === undefined) return failMissing('client_id')
  const application = doorkeeper.applications.get(clientId)
  if (application === undefined) return fail('invalid_client')
  const redirectUri = present(parameters, 'redirect_uri')
  if (redirectUri === undefined || !isRegistered(application, redirectUri)) {
    return fail('invalid_redirect_uri')
  }
  const responseType = present(parameters, 'response_type')
  if (responseType === undefined) return failMissing('response_type')
  if (responseType !== 'code') return fail('unsupported_response_type')
  const scope = present(parameters, 'scope') ?? settings.scope
  if (!isScopeWithin(scope, settings.scope)) return fail('invalid_scope')
  const codeChallenge = settings.pkce ? present(parameters, 'code_challenge') : undefined
  const codeChallengeMethod = present(parameters, 'code_challenge_method')
  if (codeChallenge !== undefined && !/^(plain|S256)$/.test(codeChallengeMethod ?? '')) {
    return fail('invalid_code_challenge_method')
  }
  const state = present(parameters, 'state')
  return { ok: true, application, redirectUri, scope, state, codeChallenge, codeChallengeMethod }
}

/**
 * Records that a user allowed the application and issues a code.
 *
 * @param doorkeeper The authorization server.
 * @param decision The request and the user who allowed it.
 * @returns The code and the address of the redirect.
 */
export function allowAuthorization(
  doorkeeper: Doorkeeper,
  decision: { readonly request: AuthorizationRequest; readonly userId: string },
): IssuedCode {
  const { application, redirectUri, scope, state } = decision.request
  const grant: AccessGrant = {
    code: randomHex(doorkeeper.random),
    clientId: application.clientId,
    userId: decision.userId,
    redirectUri,
    scope,
    expiresAt: doorkeeper.clock.now() + codeLifetimeSeconds * 1000,
    codeChallenge: decision.request.codeChallenge,
    codeChallengeMethod: decision.request.codeChallengeMethod,
    used: false,
  }
  doorkeeper.grants.set(grant.code, grant)
  const { code } = grant
  if (redirectUri === outOfBandUri) {
    return { code, location: `/oauth/authorize/native?code=${code}` }
  }
  return { code, location: extendRedirectUri(redirectUri, { code, ...withState(state) }) }
}

/**
 * Says where a user who denied the application is sent.
 *
 * @param request The request that was denied.
 * @returns The address of the redirect, or the refusal itself where there is no address.
 */
export function denyAuthorization(
  request: AuthorizationRequest,
): { readonly ok: true; readonly location: string } | OAuthFailure {
  const denied = fail('access_denied')
  if (request.redirectUri === outOfBandUri) return denied
  const location = extendRedirectUri(request.redirectUri, {
    error: denied.error,
    error_description: denied.description,
    ...withState(request.state),
  })
  return { ok: true, location }
}

/**
 * Tells whether the user need not be asked again: a token for this application with the same scopes is not revoked.
 *
 * @param doorkeeper The authorization server.
 * @param decision The request and the signed-in user.
 * @returns Whether the consent page is skipped.
 */
export function isAlreadyAllowed(
  doorkeeper: Doorkeeper,
  decision: { readonly request: AuthorizationRequest; readonly userId: string },
): boolean {
  const { application, scope } = decision.request
  for (const token of doorkeeper.tokens.values()) {
    if (token.userId !== decision.userId || token.clientId !== application.clientId) continue
    if (!token.revoked && isSameScope(token.scope, scope)) return true
  }
  return false
}

function isRegistered(application: Application, redirectUri: string): boolean {
  return application.redirectUris.some((registered) => isSameRedirectUri(redirectUri, registered))
}

function withState(state: string | undefined): Readonly<Record<string, string>> {
  return state === undefined ? {} : { state }
}
