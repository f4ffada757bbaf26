import type { Context } from 'hono'
import type { RouteEnv } from '../http/context.js'
import { requestValues } from '../http/request-values.js'

/** How a collection is cut into pages. */
export interface PageRules {
  /** Origin for the links. */
  readonly origin: string
  /** The largest `per_page`; a larger one is cut down to it. */
  readonly maximumPerPage: number
}

/** One page of a collection. */
export interface CollectionPage<Item> {
  readonly items: readonly Item[]
  /** `Total`, `Per-Page` and, where there is more than one page, `Link`. */
  readonly headers: Readonly<Record<string, string>>
}

const defaultPerPage = 10

/**
 * Cuts the page that `page` and `per_page` ask for.
 *
 * @param c The request.
 * @param items The whole collection.
 * @param rules Origin and limits.
 * @returns The items of the page and its headers.
 */
export function paginate<Item>(
  c: Context<RouteEnv>,
  items: readonly Item[],
  rules: PageRules,
): CollectionPage<Item> {
  const page = readPositive(c, 'page') ?? 1
  const wanted = readPositive(c, 'per_page') ?? defaultPerPage
  const perPage = Math.min(wanted, rules.maximumPerPage)
  const last = Math.max(1, Math.ceil(items.length / perPage))
  const link = (rel: string, target: number) =>
    `<${rules.origin}${c.req.path}?${linkQuery(c, target, perPage)}>; rel="${rel}"`
  const links = [
    ...(page > 1 ? [link('first', 1), link('prev', page - 1)] : []),
    ...(page < last ? [link('next', page + 1), link('last', last)] : []),
  ]
  return {
    items: items.slice((page - 1) * perPage, page * perPage),
    headers: {
      Total: String(items.length),
      'Per-Page': String(perPage),
      ...(links.length === 0 ? {} : { Link: links.join(', ') }),
    },
  }
}

function readPositive(c: Context<RouteEnv>, name: string): number | undefined {
  const value = requestValues(c).get(name) ?? ''
  return /^[1-9]\d{0,8}$/.test(value) ? Number(value) : undefined
}

function linkQuery(c: Context<RouteEnv>, page: number, perPage: number): string {
  const query = new URLSearchParams([...requestValues(c)])
  query.delete('access_token')
  query.delete('bearer_token')
  query.set('page', String(page))
  query.set('per_page', String(perPage))
  return query.toString()
}
