import {
  type Exchange,
  isProcoreAuthError,
  type OpenLogin,
  type PendingSignIn,
} from '@procore-auth/core'
import type OAuth2Strategy from 'passport-oauth2'
import type { SetUp } from './set-up.js'
import type { TokenParameters } from './types.js'

/** What Passport lets a strategy do at its end. */
type Actions = Pick<OAuth2Strategy, 'fail' | 'redirect' | 'success'>

/** How an attempt ends: one of Passport's actions, for each hit of a callback that shares it. */
export type Outcome = (passport: Actions) => void

/** An outcome, and where the tokens go before it. */
type Ending = readonly [outcome: Outcome, place?: (signIn: PendingSignIn) => Promise<void>]

/** One request for `passport.authenticate('procore')`. */
export interface Attempt extends SetUp, Exchange {
  /** Absolute URL of the callback. */
  readonly redirectUri: string
  /** What `passport.authenticate` was given as `state`. */
  readonly state: unknown
  /** Has passport-oauth2 do its steps, which see these members in place of the strategy's own. */
  run(members: object, getOAuthAccessToken: ExchangeCode): void
}

/** Calls back as node-oauth does, and as stores of passport-oauth2 do. */
type Done = (error: unknown, ...results: readonly unknown[]) => void
type ExchangeCode = (code: string, parameters: Record<string, string>, done: Done) => void

/**
 * Ends a login whose state is kept by the core: once, however often the callback is hit.
 */
export async function finishLogin(attempt: Attempt): Promise<Outcome> {
  let login: OpenLogin<Outcome>
  try {
    login = await attempt.routes.openLogin(attempt.request, attempt.redirectUri)
  } catch (error) {
    if (!isProcoreAuthError(error)) throw error
    const challenge = { message: error.summary, code: error.code }
    return ({ fail }) => fail(challenge, error.status)
  }
  const outcome = await login
    .complete(() => runAttempt(attempt, login))
    .catch((error: unknown): Outcome => {
      if (!isProcoreAuthError(error) || error.code !== 'ERR_PROCORE_STATE_USED') throw error
      // Another process has completed it, or is about to; the browser has or will have its session.
      return ({ redirect }) => redirect(login.returnTo, 303)
    })
  attempt.reply.addCookies(login.cookies)
  return outcome
}

/**
 * Runs the steps of passport-oauth2. Their first ending counts, once the tokens have found their
 * place: stored before a success, revoked before anything else.
 *
 * @param login that came back, where the core keeps its state
 */
export async function runAttempt(attempt: Attempt, login?: OpenLogin<Outcome>): Promise<Outcome> {
  const { keepsState, principal, redirectUri, request, routes } = attempt
  const granted: { signIn?: PendingSignIn } = {}
  const exchange = async (code: string, parameters: Record<string, string>) => {
    granted.signIn = await routes.exchange({ code, redirectUri, parameters, request })
    return tokenResult(granted.signIn)
  }
  const steps = (end: (ending: Ending) => void, error: (reason: unknown) => void): void => {
    const members = {
      pending: () => granted.signIn,
      error,
      success: (user: Express.User, info?: object) => {
        const details = { ...(login && { returnTo: login.returnTo }), ...info }
        end([({ success }) => success(user, details), ({ keep }) => keep(principal(user))])
      },
      fail: (challenge?: string, status?: number) =>
        end([({ fail }) => fail(challenge, status), ({ refuse }) => refuse()]),
      redirect: (url: string, status?: number) => end([({ redirect }) => redirect(url, status)]),
      ...(keepsState && { _stateStore: stateStore(attempt, login) }),
    }
    attempt.run(members, (code, parameters, done) => {
      const told = (result: readonly unknown[]): void => done(null, ...result)
      exchange(code, parameters)
        .then(told, (reason) => done(tokenFailure(reason)))
        .catch(error)
    })
  }
  try {
    const [outcome, place] = await new Promise(steps)
    if (granted.signIn) await place?.(granted.signIn)
    return outcome
  } catch (reason) {
    await granted.signIn?.discard()
    throw reason
  }
}

/** Returns tokens as node-oauth does. */
function tokenResult({ tokens }: PendingSignIn): readonly unknown[] {
  const accessToken = tokens.accessToken.reveal()
  const parameters: TokenParameters = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: tokens.lifetimeMs / 1000,
    created_at: Math.floor(tokens.issuedAt / 1000),
  }
  return [accessToken, tokens.refreshToken?.reveal(), parameters]
}

/**
 * Returns a failed exchange as node-oauth does: a refusal of Procore as its answer, of which
 * `parseErrorResponse` makes a `TokenError`; anything else as it is, for an `InternalOAuthError`.
 */
function tokenFailure(reason: unknown): unknown {
  if (!isProcoreAuthError(reason) || !('oauthError' in reason) || !reason.oauthError) return reason
  const body = { error: reason.oauthError, error_description: reason.message }
  return { statusCode: 400, data: JSON.stringify(body) }
}

/** The core's login state as a store of passport-oauth2, which tells its kind by these arguments. */
function stateStore(attempt: Attempt, login: OpenLogin<Outcome> | undefined): object {
  const { redirectUri, reply, request, routes, state } = attempt
  return {
    store: (_req: object, verifier: unknown, _state: unknown, _meta: object, done: Done) => {
      const started = routes.startLogin(request, { redirectUri, payload: { state, verifier } })
      reply.addCookies(started.cookies)
      done(null, started.state)
    },
    verify: (_req: object, _state: unknown, _meta: object, done: Done) => {
      const carried = Object(login?.payload)
      done(null, carried.verifier ?? login !== undefined, carried.state)
    },
  }
}
