import * as common from '@nestjs/common'
import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  Inject,
  Module,
  type NestModule,
  type OnApplicationShutdown,
  Optional,
} from '@nestjs/common'
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core'
import {
  ConfigurationError,
  type ProcoreAuth,
  type ProcoreAuthOptions,
  resolveProcoreAuth,
} from '@procore-auth/core'
import type { Instance } from './carrier.js'
import { mount } from './mount.js'
import { ProcoreExceptionFilter } from './procore-exception.filter.js'
import { getProcoreAuthToken } from './tokens.js'

/**
 * Options of `createProcoreAuth`, or `{ auth }` with what it returned, or neither for the `PROCORE_*`
 * variables.
 */
export type ProcoreAuthModuleOptions = ProcoreAuthOptions | { readonly auth?: ProcoreAuth }

/** What is said of an instance when it is registered, also with `forRootAsync`. */
export interface ProcoreAuthModuleExtras {
  /** Whether providers of all modules can inject it. Default false. */
  readonly isGlobal?: boolean | undefined
  /** Tells it from others in the same application, in guards and decorators, too. */
  readonly name?: string | undefined
}

/** A provider for `useClass` and `useExisting` of `forRootAsync`. */
export interface ProcoreAuthOptionsFactory {
  createProcoreAuthOptions(): ProcoreAuthModuleOptions | Promise<ProcoreAuthModuleOptions>
}

const INSTANCE = Symbol('the instance of this module')

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ProcoreAuthModuleOptions>({ moduleName: 'ProcoreAuth' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createProcoreAuthOptions')
    .setExtras<ProcoreAuthModuleExtras>({ isGlobal: undefined, name: undefined }, define)
    .build()

/**
 * Signs users in with Procore: serves the routes on Express and Fastify, attaches `procore` to every
 * request, and provides {@link ProcoreAuth}. What it has created it closes on shutdown.
 */
@Module({})
export class ProcoreAuthModule
  extends ConfigurableModuleClass
  implements NestModule, OnApplicationShutdown
{
  readonly #instance: Instance
  readonly #host: HttpAdapterHost

  constructor(
    @Optional() @Inject(INSTANCE) instance: Instance | undefined,
    @Inject(ApplicationConfig) config: ApplicationConfig,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
  ) {
    super()
    if (!instance) {
      throw new ConfigurationError([
        'import ProcoreAuthModule.forRoot() or .forRootAsync(), not ProcoreAuthModule itself; for use in further modules set isGlobal',
      ])
    }
    this.#instance = instance
    this.#host = host
    // Before any filter of the application, which Nest therefore prefers to this one.
    config.useGlobalFilters(new ProcoreExceptionFilter(host))
  }

  /**
   * Registers from options, a ready-made {@link ProcoreAuth}, or the `PROCORE_*` variables.
   *
   * @throws {ConfigurationError} when the application starts, naming every fault
   * @example
   * ProcoreAuthModule.forRoot({ isGlobal: true })
   */
  static override forRoot(
    options: ProcoreAuthModuleOptions & ProcoreAuthModuleExtras = {},
  ): DynamicModule {
    return { ...ConfigurableModuleClass.forRoot(options), module: ProcoreAuthModule }
  }

  configure(): void {
    mount(this.#host.httpAdapter, this.#instance)
  }

  async onApplicationShutdown(): Promise<void> {
    const { auth } = this.#instance
    if (created.has(auth)) await auth.close()
  }
}

function define(
  definition: DynamicModule,
  { isGlobal = false, name }: ProcoreAuthModuleExtras,
): DynamicModule {
  // A name that NestJS has exported since version 11.
  if (!('IntrinsicException' in common)) {
    throw new ConfigurationError([
      'NestJS 11 or 12 is needed: npm install @nestjs/common@12 @nestjs/core@12',
    ])
  }
  const token = getProcoreAuthToken(name)
  const providers = [
    ...(definition.providers ?? []),
    { provide: token, useFactory: create, inject: [MODULE_OPTIONS_TOKEN] },
    { provide: INSTANCE, useFactory: (auth: ProcoreAuth) => ({ auth, name }), inject: [token] },
  ]
  return { ...definition, global: isGlobal, providers, exports: [token] }
}

const created = new WeakSet<object>()

function create(options: ProcoreAuthModuleOptions = {}): ProcoreAuth {
  const input = hasOptions(options) ? options : options.auth
  const auth = resolveProcoreAuth(input)
  if (auth !== input) created.add(auth)
  return auth
}

function hasOptions(options: ProcoreAuthModuleOptions): options is ProcoreAuthOptions {
  return Object.keys(options).some((key) => key !== 'auth')
}
