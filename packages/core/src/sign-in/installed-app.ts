import { ProcoreAuthError } from '../errors.js'
import { Secret } from '../redact.js'
import { completeSignIn, type SignIn, type SignInConfig } from './sign-in.js'

/** The principal of an installed app's only user, when no other is named. */
export const INSTALLED_APP_PRINCIPAL = 'installed-app'

/** Sign-in for programs without a browser: a person pastes a code once, then it renews endlessly. */
export interface InstalledApp {
  /** Where the person allows access; Procore then shows a code. */
  readonly authorizationUrl: string
  /**
   * Completes the sign-in and stores the grant.
   *
   * @param pasted the code, or the URL of the page that shows it
   * @returns the user, and a client that calls the API as that user
   * @throws {ProcoreAuthError} `ERR_PROCORE_CALLBACK_INVALID` when there is no code in it
   * @throws {TokenRequestError} `ERR_PROCORE_CODE_REJECTED` when it is spent or older than ten minutes
   */
  complete(pasted: string): Promise<SignIn>
}

/**
 * Creates the out-of-band sign-in.
 *
 * @param config the way from a code to a stored grant
 * @param app `authorizationUrl` to show, and whose grant it becomes
 */
export function createInstalledApp(
  config: SignInConfig,
  app: {
    readonly authorizationUrl: string
    readonly redirectUri: string
    readonly principal: string
  },
): InstalledApp {
  return {
    authorizationUrl: app.authorizationUrl,
    complete: async (pasted) =>
      completeSignIn(config, {
        code: new Secret(readPastedCode(pasted)),
        redirectUri: app.redirectUri,
        principal: app.principal,
        request: undefined,
      }),
  }
}

const CODE = /^[\x21-\x7e]{8,2048}$/

/** Finds the code in what a person pasted: the code, `…/oauth/authorize/<code>`, or `…?code=<code>`. */
export function readPastedCode(pasted: unknown): string {
  const text = typeof pasted === 'string' ? pasted.trim() : ''
  const code = /^https?:\/\//i.test(text) && URL.canParse(text) ? codeOfUrl(new URL(text)) : text
  if (code && CODE.test(code) && !code.includes('/')) return code
  throw new ProcoreAuthError(
    'ERR_PROCORE_CALLBACK_INVALID',
    'There is no authorization code in what was pasted: paste the code that Procore shows, or the whole address of that page',
  )
}

function codeOfUrl(url: URL): string | undefined {
  const query = url.searchParams.get('code')
  if (query) return query
  const last = url.pathname.split('/').at(-1)
  return last === 'authorize' || last === 'native' ? undefined : last
}
