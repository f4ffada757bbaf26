import type { Context } from 'hono'
import type { RouteEnv } from '../http/context.js'
import { type Page, pageHeaders } from '../pages/page.js'

/**
 * Sends a page with its security headers and the session cookie.
 *
 * @param c The request.
 * @param page The page.
 * @returns The answer.
 */
export async function sendPage(c: Context<RouteEnv>, page: Promise<Page>): Promise<Response> {
  const { text, status } = await page
  return c.body(text, status, pageHeaders)
}
