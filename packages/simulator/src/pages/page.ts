import { html, raw } from 'hono/html'
import { styles, stylesSource } from './styles.js'

/** A piece of HTML whose values are escaped. */
export type Markup = ReturnType<typeof html>

/** What differs from page to page. */
export interface PageParts {
  /** Title of the window. */
  readonly title: string
  /** The content with one `h1`. */
  readonly content: Markup
}

/** A page that is ready to be sent. */
export interface Page {
  readonly text: string
  readonly status: 200 | 404 | 422
}

/** The security headers of every page. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': `default-src 'none'; style-src ${stylesSource}; img-src data:; base-uri 'none'; frame-ancestors 'none'`,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}

/**
 * Writes a page in the common frame.
 *
 * @param parts Title and content.
 * @param status Status of the answer; default 200.
 * @returns The page, to be sent with {@link pageHeaders}.
 */
export async function renderPage(parts: PageParts, status: Page['status'] = 200): Promise<Page> {
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${parts.title} – Offline Procore simulator</title>
<link rel="icon" href="data:,">
<style>${raw(styles)}</style>
</head>
<body>
<p class="banner">Offline Procore simulator – no real account is used</p>
<main>
${parts.content}
</main>
</body>
</html>
`
  return { text: page.toString(), status }
}

/**
 * Writes hidden form fields.
 *
 * @param fields Names and values.
 * @returns One `input` for each.
 */
export function hiddenFields(fields: ReadonlyMap<string, string>): Markup[] {
  return [...fields].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">
`,
  )
}
