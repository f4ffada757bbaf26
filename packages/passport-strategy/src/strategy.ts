import {
  attachProcore,
  ConfigurationError,
  type Exchange,
  type PendingSignIn,
  type ProcoreAuth,
} from '@procore-auth/core'
import { sendAuthResponse, toAuthReply, toAuthRequest } from '@procore-auth/core/node'
import OAuth2Strategy, { InternalOAuthError } from 'passport-oauth2'
import { type Attempt, finishLogin, runAttempt } from './attempt.js'
import { absoluteCallbackUrl } from './callback-url.js'
import { type SetUp, setUp } from './set-up.js'
import type {
  Handler,
  ProcoreProfile,
  ProcoreStrategyOptions,
  Request,
  Verify,
  VerifyWithParameters,
  VerifyWithRequest,
  VerifyWithRequestAndParameters,
} from './types.js'

type WithoutRequest = ProcoreStrategyOptions & { readonly passReqToCallback?: false }
type WithRequest = ProcoreStrategyOptions & { readonly passReqToCallback: true }

const NEEDS_EXPRESS = 'the strategy needs Express: the request has no response'
type Overrides = { readonly callbackURL?: string; readonly state?: unknown }

/** Stands where each attempt puts a store of its own. */
const REPLACED: OAuth2Strategy.StateStore = { store: () => undefined, verify: () => undefined }

/**
 * Signs users in with Procore: passport-oauth2's `OAuth2Strategy` over the core of procore-auth, which
 * keeps login states and grants, and renews tokens.
 *
 * @example
 * passport.use(new ProcoreStrategy({ clientID, clientSecret, callbackURL, environment, secret },
 *   (accessToken, refreshToken, profile, done) => findOrCreateUser(profile, done)))
 */
export class ProcoreStrategy extends OAuth2Strategy {
  /** For jobs (`auth.forUser(id)`), status, disconnecting and events. */
  readonly auth: ProcoreAuth
  private readonly procore: SetUp
  /** In an attempt: the tokens, once there are any. */
  private readonly pending?: () => PendingSignIn | undefined

  /**
   * @param options of passport-oauth2 and of `createProcoreAuth`; what is left out comes from the
   *   `PROCORE_*` variables
   * @param verify finds or creates the application's user
   * @throws {ConfigurationError} naming every fault at once
   */
  constructor(options: WithoutRequest, verify: Verify)
  constructor(options: WithoutRequest, verify: VerifyWithParameters)
  constructor(options: WithRequest, verify: VerifyWithRequest)
  constructor(options: WithRequest, verify: VerifyWithRequestAndParameters)
  constructor(options: ProcoreStrategyOptions, verify: (...args: never[]) => unknown) {
    const procore = setUp(options, verify)
    const { loginOrigin } = procore.auth.environment
    super(
      {
        ...options,
        authorizationURL: `${loginOrigin}/oauth/authorize`,
        tokenURL: `${loginOrigin}/oauth/token`,
        clientID: procore.routes.clientId,
        // The core alone has it.
        clientSecret: '',
        callbackURL: procore.callbackURL,
        ...(procore.keepsState && { store: REPLACED }),
        passReqToCallback: false,
      },
      () => undefined,
    )
    // Here, because passport-oauth2 declares one kind of verify for each call of its constructor.
    Object.assign(this, { _verify: heeded(verify), _passReqToCallback: options.passReqToCallback })
    this.name = 'procore'
    this.auth = procore.auth
    this.procore = procore
  }

  /**
   * Attaches `req.procore` for the user whom Passport knows, to be used after `passport.session()`.
   *
   * @example
   * app.use(passport.session(), strategy.attach())
   */
  attach(): Handler {
    const { routes } = this.procore
    return (req, res, next) => {
      attachProcore(routes, { request: toAuthRequest(req), reply: toAuthReply(res) }, req)
      next()
    }
  }

  /** Called by Passport: starts a login, or ends the one that came back from Procore. */
  override authenticate(req: Request, options: Overrides = {}): void {
    const request = toAuthRequest(req)
    const ahead = this.procore.routes.lookAhead(request)
    if (!req.res) this.error(new ConfigurationError([NEEDS_EXPRESS]))
    else if (ahead) sendAuthResponse(req.res, ahead)
    else this.attempt(req, { request, reply: toAuthReply(req.res) }, options)
  }

  private attempt(req: Request, exchange: Exchange, options: Overrides): void {
    // Passport hands its actions over on `this`, which other requests may share.
    const { error, fail, redirect, success } = this
    const { callbackURL, keepsState, proxy } = this.procore
    req.res?.setHeader('cache-control', 'no-store')
    req.res?.setHeader('referrer-policy', 'no-referrer')
    const at = { callbackURL: options.callbackURL || callbackURL, proxy }
    const redirectUri = absoluteCallbackUrl(req, at)
    const run: Attempt['run'] = (members, getOAuthAccessToken) => {
      const self = Object.assign(Object.create(this), members)
      self._oauth2 = Object.assign(Object.create(this._oauth2), { getOAuthAccessToken })
      const own = { callbackURL: redirectUri, state: keepsState ? undefined : options.state }
      super.authenticate.call(self, req, { ...options, ...own })
    }
    const attempt = { ...this.procore, ...exchange, redirectUri, state: options.state, run }
    const came = ['code', 'error'].some((name) => req.query[name] !== undefined)
    const ending = keepsState && came ? finishLogin(attempt) : runAttempt(attempt)
    ending.then((outcome) => outcome({ success, fail, redirect })).catch(error)
  }

  /** Reads who signed in, for the tokens of the attempt that calls it. */
  override userProfile(_token: string, done: (error?: unknown, profile?: object) => void): void {
    const signIn = this.pending?.()
    if (!signIn) done(new Error('This works during a sign-in; afterwards there is auth.forUser()'))
    signIn?.user().then(
      (user) => done(null, toProfile(user)),
      (reason) => done(new InternalOAuthError('Failed to fetch user profile', reason)),
    )
  }
}

function toProfile(_json: ProcoreProfile['_json']): ProcoreProfile {
  const { id, login: username, name: displayName } = _json
  return { provider: 'procore', id, displayName, username, emails: [{ value: username }], _json }
}

/** Lets a `verify` that is async end by rejecting, which passport-oauth2 would not notice. */
function heeded(verify: (...args: never[]) => unknown): unknown {
  const heed = function (this: ProcoreStrategy, ...args: never[]): void {
    Promise.resolve(Reflect.apply(verify, this, args)).catch(this.error)
  }
  // It is called with as many arguments as it declares.
  return Object.defineProperty(heed, 'length', { value: verify.length })
}
