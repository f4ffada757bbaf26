import {
  type AuthRequest,
  isProcoreAuthError,
  type OpenLogin,
  type PendingSignIn,
} from '@procore-auth/core'
import { toAuthReply } from '@procore-auth/core/node'
import type { SetUp } from './set-up.js'
import { type TokensDone, tokenFailure, tokenResult, type WireParameters } from './tokens.js'
import type { Request, Response } from './types.js'

/** What Passport lets a strategy do at its end. */
export interface Actions {
  success(user: Express.User, info?: object): void
  fail(challenge?: unknown, status?: number): void
  redirect(url: string, status?: number): void
}

/** How an attempt ends: one of Passport's actions, for each hit of a callback that shares it. */
export type Outcome = (passport: Actions) => void

/** One request for `passport.authenticate('procore')`, and what it is answered with. */
export interface Attempt {
  readonly res: Response
  readonly request: AuthRequest
  /** Absolute URL of the callback. */
  readonly redirectUri: string
  /** What `passport.authenticate` was given as `state`. */
  readonly state: unknown
  readonly settings: SetUp
  /**
   * Has passport-oauth2 do its steps.
   *
   * @param differences what the steps see of the strategy in this attempt, and of its `_oauth2`
   */
  run(differences: { readonly strategy: object; readonly oauth2: object }): void
}

/**
 * Ends a login whose state is kept by the core: once, however often the callback is hit.
 */
export async function finishLogin(attempt: Attempt): Promise<Outcome> {
  const { redirectUri, request, res } = attempt
  let login: OpenLogin<Outcome>
  try {
    login = await attempt.settings.routes.openLogin(request, redirectUri)
  } catch (error) {
    if (!isProcoreAuthError(error)) throw error
    const { code, status, summary: message } = error
    return ({ fail }) => fail({ message, code }, status)
  }
  let outcome: Outcome
  try {
    outcome = await login.complete(() => runAttempt(attempt, login))
  } catch (error) {
    if (!isProcoreAuthError(error) || error.code !== 'ERR_PROCORE_STATE_USED') throw error
    // Another process has completed it, or is about to; the browser has or will have its session.
    outcome = ({ redirect }) => redirect(login.returnTo, 303)
  }
  toAuthReply(res).addCookies(login.cookies)
  return outcome
}

/**
 * Runs the steps of passport-oauth2. Their first ending counts, once the tokens have found their
 * place: stored before a success, revoked before anything else.
 *
 * @param login that came back, where the core keeps its state
 */
export function runAttempt(attempt: Attempt, login?: OpenLogin<Outcome>): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let signIn: PendingSignIn | undefined
    let ended = false
    const end = (ending: () => Promise<Outcome>): void => {
      if (ended) return
      ended = true
      const discard = async (reason: unknown): Promise<never> => {
        await signIn?.discard()
        throw reason
      }
      ending().catch(discard).then(resolve, reject)
    }
    const error = (reason: unknown): void => end(() => Promise.reject(reason))
    const { redirectUri, request, settings } = attempt
    const exchange = async (code: string, parameters: WireParameters): Promise<PendingSignIn> => {
      const { grant_type: _type, redirect_uri: _uri, ...others } = parameters
      signIn = await settings.routes.exchange({
        code,
        redirectUri: login?.redirectUri ?? redirectUri,
        parameters: others,
        request,
      })
      return signIn
    }
    const getOAuthAccessToken = (code: string, parameters: WireParameters, done: TokensDone) => {
      exchange(code, parameters)
        .then(
          (granted) => done(null, ...tokenResult(granted.tokens)),
          (reason) => done(tokenFailure(reason)),
        )
        .catch(error)
    }
    const strategy = {
      ...(settings.keepsState && { _stateStore: stateStore(attempt, login) }),
      pending: () => signIn,
      success: (user: Express.User, info?: object) =>
        end(async () => {
          await signIn?.keep(settings.principalOf(user))
          const details = { ...(login && { returnTo: login.returnTo }), ...info }
          return ({ success }) => success(user, details)
        }),
      fail: (challenge?: unknown, status?: number) =>
        end(async () => {
          await signIn?.refuse()
          return ({ fail }) => fail(challenge, status)
        }),
      redirect: (url: string, status?: number) =>
        end(
          async () =>
            ({ redirect }) =>
              redirect(url, status),
        ),
      error,
    }
    attempt.run({ strategy, oauth2: { getOAuthAccessToken } })
  })
}

type Stored = (error: unknown, state?: string) => void
type Verified = (error: unknown, ok: string | boolean, state?: unknown) => void

/** The core's login state as a store of passport-oauth2, which tells its kind by these arguments. */
function stateStore(attempt: Attempt, login: OpenLogin<Outcome> | undefined) {
  const { redirectUri, request, res, settings, state } = attempt
  return {
    store: (
      _req: Request,
      verifier: string | undefined,
      _state: unknown,
      _meta: object,
      done: Stored,
    ) => {
      const started = settings.routes.startLogin(request, {
        redirectUri,
        payload: { state, verifier },
      })
      toAuthReply(res).addCookies(started.cookies)
      done(null, started.state)
    },
    verify: (_req: Request, _state: string, _meta: object, done: Verified) => {
      const carried = carriedBy(login)
      done(null, carried.verifier ?? login !== undefined, carried.state)
    },
  }
}

/** Returns what a login took along; nothing where it was not started by this strategy. */
function carriedBy(login: OpenLogin<Outcome> | undefined): {
  readonly state?: unknown
  readonly verifier?: string
} {
  const { payload = undefined } = login ?? {}
  if (typeof payload !== 'object' || payload === null) return {}
  const verifier = 'verifier' in payload ? payload.verifier : undefined
  return {
    ...('state' in payload && { state: payload.state }),
    ...(typeof verifier === 'string' && { verifier }),
  }
}
