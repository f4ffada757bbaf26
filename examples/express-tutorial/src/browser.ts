import { parse } from 'node-html-parser'
import { CookieJar } from 'tough-cookie'

/** A page that a browser shows. */
export interface Page {
  readonly url: string
  readonly status: number
  readonly html: string
  /** What a person reads. */
  readonly text: string
}

const MAXIMUM_REDIRECTS = 10

/** As much of a browser as signing in takes: cookies, redirects, links and forms. */
export class Browser {
  readonly #jar = new CookieJar()

  /** Opens an address, or follows a link of a page. */
  open(url: string): Promise<Page> {
    return this.#request(url, { method: 'GET' })
  }

  /** Follows the first link of a page whose text matches. */
  click(page: Page, label: RegExp): Promise<Page> {
    const link = parse(page.html)
      .querySelectorAll('a')
      .find((candidate) => label.test(candidate.text))
    const href = link?.getAttribute('href')
    if (!href) throw new Error(`The page ${page.url} has no link ${label}`)
    return this.open(new URL(href, page.url).href)
  }

  /**
   * Sends the form that a button belongs to.
   *
   * @param label text of the button
   * @param fields what a person types, by field name
   */
  submit(page: Page, label: RegExp, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    const button = parse(page.html)
      .querySelectorAll('button')
      .find((candidate) => label.test(candidate.text))
    const form = button?.closest('form')
    if (!button || !form) throw new Error(`The page ${page.url} has no button ${label}`)
    const body = new URLSearchParams()
    for (const input of form.querySelectorAll('input')) {
      body.set(input.getAttribute('name') ?? '', input.getAttribute('value') ?? '')
    }
    for (const [name, value] of Object.entries(fields)) body.set(name, value)
    const name = button.getAttribute('name')
    if (name) body.set(name, button.getAttribute('value') ?? '')
    const action = new URL(form.getAttribute('action') || page.url, page.url).href
    return this.#request(action, { method: 'POST', body })
  }

  /** Opens an address and stops at the first redirect, whose target it returns. */
  async redirectOf(url: string): Promise<string> {
    const response = await this.#fetch(url, { method: 'GET' })
    return new URL(response.headers.get('location') ?? '', url).href
  }

  async #request(start: string, init: RequestInit): Promise<Page> {
    let url = start
    let request = init
    for (let hop = 0; hop < MAXIMUM_REDIRECTS; hop += 1) {
      const response = await this.#fetch(url, request)
      const location = response.headers.get('location')
      if (!location) return toPage(url, response)
      url = new URL(location, url).href
      request = { method: 'GET' }
    }
    throw new Error(`More than ${MAXIMUM_REDIRECTS} redirects from ${start}`)
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const headers = { accept: 'text/html', cookie: await this.#jar.getCookieString(url) }
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const cookie of response.headers.getSetCookie()) await this.#jar.setCookie(cookie, url)
    return response
  }
}

async function toPage(url: string, response: Response): Promise<Page> {
  const html = await response.text()
  const text = parse(html).structuredText
  return { url, status: response.status, html, text }
}
