/** Decoded parameters of a request: query and body together; the query wins. */
export interface RequestParameters {
  readonly ok: true
  /** Names and text values; of several with one name the last counts. */
  readonly values: ReadonlyMap<string, string>
  /** The JSON body where there is one. */
  readonly json: unknown
}

/** What is read from a request that cannot be decoded. */
export interface MalformedRequest {
  readonly ok: false
}

/** The parts of a request that carry parameters. */
export interface ParameterSource {
  /** Raw query without the question mark. */
  readonly query: string
  readonly contentType: string
  readonly body: Uint8Array
}

const malformed: MalformedRequest = { ok: false }

/**
 * Decodes the parameters of a request: query, form, multipart form or JSON.
 *
 * @param source Raw query and body.
 * @returns The parameters, or a mark that query or body is malformed (bad JSON, bad escapes, invalid UTF-8).
 */
export async function readParameters(
  source: ParameterSource,
): Promise<RequestParameters | MalformedRequest> {
  const query = decodeForm(source.query)
  const body = await readBody(source)
  if (query === undefined || body === undefined) return malformed
  return { ok: true, values: new Map([...body.values, ...query]), json: body.json }
}

interface BodyParameters {
  readonly values: ReadonlyMap<string, string>
  readonly json?: unknown
}

async function readBody({
  contentType,
  body,
}: ParameterSource): Promise<BodyParameters | undefined> {
  const nothing = { values: new Map<string, string>() }
  if (body.length === 0) return nothing
  const mediaType = contentType.split(';')[0]?.trim().toLowerCase()
  if (mediaType === 'multipart/form-data') return readMultipart(contentType, body)
  const isForm = mediaType === '' || mediaType === 'application/x-www-form-urlencoded'
  if (!isForm && mediaType !== 'application/json') return nothing
  const text = decodeText(body)
  if (text === undefined) return undefined
  if (!isForm) return readJson(text)
  const values = decodeForm(text)
  return values === undefined ? undefined : { values }
}

async function readMultipart(
  contentType: string,
  body: Uint8Array,
): Promise<BodyParameters | undefined> {
  const copy = new Uint8Array(body)
  const headers = { 'Content-Type': contentType }
  const form = await new Response(copy, { headers }).formData().catch(() => undefined)
  if (form === undefined) return undefined
  const values = new Map<string, string>()
  for (const [name, value] of form) {
    if (typeof value === 'string') values.set(name, value)
  }
  return { values }
}

function readJson(text: string): BodyParameters | undefined {
  const json = parseJson(text)
  if (json === undefined) return undefined
  const values = new Map<string, string>()
  if (typeof json.value === 'object' && json.value !== null && !Array.isArray(json.value)) {
    for (const [name, value] of Object.entries(json.value)) {
      if (['string', 'number', 'boolean'].includes(typeof value)) values.set(name, String(value))
    }
  }
  return { values, json: json.value }
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function decodeForm(text: string): ReadonlyMap<string, string> | undefined {
  const values = new Map<string, string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const [name = '', ...rest] = pair.split('=')
    const decodedName = decodeComponent(name)
    const decodedValue = decodeComponent(rest.join('='))
    if (decodedName === undefined || decodedValue === undefined) return undefined
    values.set(decodedName, decodedValue)
  }
  return values
}

function decodeComponent(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
