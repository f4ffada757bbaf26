import { createHash } from 'node:crypto'
import type { AuthRequest, AuthResponse } from '../auth-request.js'
import type { ProcoreAuthError } from '../errors.js'

/** On every answer: nothing of a sign-in is kept, shared or passed on. */
const PRIVATE = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' } as const

/** An answer without a body. */
export function empty(status: number, headers: AuthResponse['headers'] = {}): AuthResponse {
  return { status, headers: { ...PRIVATE, ...headers } }
}

/** A redirect. */
export function redirect(
  status: 302 | 303,
  location: string,
  cookies: readonly string[] = [],
): AuthResponse {
  return empty(status, { location, ...(cookies.length > 0 && { 'set-cookie': cookies }) })
}

/** Whether a page is wanted: a browser that navigates says so, a program does not. */
export function wantsPage(request: AuthRequest): boolean {
  return /\btext\/html\b/i.test(request.header('accept') ?? '')
}

/** How an error is shown. */
export interface ErrorView {
  readonly error: ProcoreAuthError
  /** Where trying again begins. */
  readonly loginPath: string
  readonly showsDetails: boolean
  readonly cookies?: readonly string[]
}

/**
 * Shows an error: a page to a browser, JSON to a program. Only words of our own are shown, never
 * anything that came with the request or from Procore.
 */
export function errorResponse(request: AuthRequest, view: ErrorView): AuthResponse {
  const { error, cookies = [] } = view
  const page = wantsPage(request)
  return {
    status: error.status,
    headers: {
      ...PRIVATE,
      ...(page && { 'content-security-policy': POLICY, 'x-frame-options': 'DENY' }),
      'content-type': page ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
      vary: 'accept',
      ...(cookies.length > 0 && { 'set-cookie': cookies }),
    },
    body: page ? errorPage(view) : errorJson(view),
  }
}

function errorJson({ error, loginPath, showsDetails }: ErrorView): string {
  return JSON.stringify({
    error: error.code,
    message: error.summary,
    login: loginPath,
    ...(showsDetails && { details: error.message }),
  })
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;color:#1f2328;background:#f5f4f2;margin:0;display:grid;min-height:100vh;place-items:center}main{background:#fff;border:1px solid #ddd9d4;border-radius:8px;max-width:30rem;margin:1rem;padding:2rem}h1{font-size:1.35rem;margin:0 0 .75rem}a{display:inline-block;background:#b5470a;color:#fff;padding:.65rem 1.1rem;border-radius:6px;text-decoration:none}a:focus-visible{outline:3px solid #1f2328;outline-offset:2px}p.d{color:#57534e;font-size:.875rem;overflow-wrap:anywhere}'
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

function errorPage({ error, loginPath, showsDetails }: ErrorView): string {
  const details = showsDetails ? `For the developer: ${escapeHtml(error.message)}` : error.code
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign-in with Procore</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(error.summary)}</h1>
<p><a href="${escapeHtml(loginPath)}">Sign in with Procore</a></p>
<p class="d">${details}</p>
</main>
</body>
</html>
`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
