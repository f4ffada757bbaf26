/** What is used of a client of ioredis: `new Redis()`. */
export interface IoredisClient {
  /** `ready` when commands are sent and not queued. */
  readonly status: string
  readonly options: { readonly keyPrefix?: string | undefined }
  call(command: string, args: string[]): Promise<unknown>
}

/** What is used of a cluster client of ioredis: `new Cluster()`. */
export interface IoredisCluster extends IoredisClient {
  nodes(role: 'master'): readonly IoredisClient[]
}

/** What is used of a client of node-redis: `createClient()`, `createClientPool()`. */
export interface NodeRedisClient {
  readonly isOpen: boolean
  /** False when commands are queued. A pool does not have it. */
  readonly isReady?: boolean
  sendCommand(args: string[], options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>
}

/** What is used of a cluster client of node-redis: `createCluster()`. */
export interface NodeRedisCluster {
  readonly isOpen: boolean
  readonly isReady?: boolean
  readonly masters: readonly unknown[]
  nodeClient(node: unknown): Promise<NodeRedisClient> | NodeRedisClient
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
  ): Promise<unknown>
}

/** A connected client of either driver, to one Redis or to a cluster. */
export type RedisClient = IoredisClient | IoredisCluster | NodeRedisClient | NodeRedisCluster

/** Sends one command and brings the answer. */
export type Send = (args: string[], signal: AbortSignal) => Promise<unknown>

/** What the store does with a client, whichever it is. */
export interface Connection {
  /** What the client itself puts before the keys of commands, though not of SCAN. */
  readonly keyPrefix: string
  /** Whether a command is sent at once. When not, the client keeps it until it is connected. */
  isReady(): boolean
  /** Comes back when Redis does. */
  readonly ping: () => Promise<unknown>
  /** Sends a command about one key to the Redis that has it. */
  readonly send: (key: string, ...rest: Parameters<Send>) => ReturnType<Send>
  /** Returns a way to each Redis that has keys. */
  nodes(): Promise<readonly Send[]>
}

/**
 * Finds out what was handed in.
 *
 * @throws {TypeError} when it is none of the clients that are accepted
 */
export function toConnection(client: RedisClient): Connection {
  if (isIoredisCluster(client)) {
    return { ...ioredis(client), nodes: async () => client.nodes('master').map(sendIoredis) }
  }
  if (isIoredis(client)) return ioredis(client)
  if (isNodeRedisCluster(client)) return nodeRedisCluster(client)
  if (isNodeRedis(client)) return nodeRedis(client)
  throw new TypeError(
    'RedisTokenStore takes a client of ioredis (new Redis(), new Cluster()) or of node-redis (createClient(), createClientPool(), createCluster()), and this is none of them',
  )
}

function ioredis(client: IoredisClient): Connection {
  const send = sendIoredis(client)
  return {
    keyPrefix: client.options.keyPrefix ?? '',
    isReady: () => client.status === 'ready',
    ping: () => client.call('ping', []),
    send: (_key, ...rest) => send(...rest),
    nodes: async () => [send],
  }
}

function sendIoredis(client: IoredisClient): Send {
  return ([command = '', ...args]) => client.call(command, args)
}

function nodeRedis(client: NodeRedisClient): Connection {
  const send = sendNodeRedis(client)
  return {
    keyPrefix: '',
    isReady: () => client.isReady ?? true,
    ping: () => client.sendCommand(['ping']),
    send: (_key, ...rest) => send(...rest),
    nodes: async () => [send],
  }
}

function sendNodeRedis(client: NodeRedisClient): Send {
  return (args, signal) => client.sendCommand(args, { abortSignal: signal })
}

function nodeRedisCluster(client: NodeRedisCluster): Connection {
  return {
    keyPrefix: '',
    isReady: () => client.isReady ?? true,
    ping: () => client.sendCommand(undefined, false, ['ping']),
    send: (key, args) => client.sendCommand(key, false, args),
    nodes: async () => {
      const nodes = client.masters.map(async (node) => client.nodeClient(node))
      return (await Promise.all(nodes)).map(sendNodeRedis)
    },
  }
}

function isIoredis(client: RedisClient): client is IoredisClient {
  return typeOf(client, 'call') === 'function' && typeOf(client, 'status') === 'string'
}

function isIoredisCluster(client: RedisClient): client is IoredisCluster {
  return isIoredis(client) && typeOf(client, 'nodes') === 'function'
}

function isNodeRedis(client: RedisClient): client is NodeRedisClient {
  // The client of createSentinel() has a sendCommand() that takes something else.
  const isSentinel = typeOf(client, 'getSentinelNode') === 'function'
  return !isSentinel && typeOf(client, 'sendCommand') === 'function' && hasState(client)
}

function isNodeRedisCluster(client: RedisClient): client is NodeRedisCluster {
  return typeOf(client, 'nodeClient') === 'function' && hasState(client)
}

function hasState(client: RedisClient): boolean {
  return typeOf(client, 'isOpen') === 'boolean'
}

/** What is in a property of anything, be it handed in from JavaScript. */
function typeOf(client: unknown, name: string): string {
  return typeof client === 'object' && client ? typeof Reflect.get(client, name) : 'undefined'
}
