import 'reflect-metadata'
import { Readable } from 'node:stream'
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type DynamicModule,
  Get,
  HttpException,
  type INestApplication,
  Inject,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Post,
  Res,
  StreamableFile,
  type Type,
  UseGuards,
} from '@nestjs/common'
import {
  type AbstractHttpAdapter,
  BaseExceptionFilter,
  HttpAdapterHost,
  NestFactory,
} from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import type { AppPlan, AppRoute, MountPlan, RunningApp } from '@procore-auth/conformance'
import type { ProcoreAuthOptions, ProcoreContext } from '@procore-auth/core'
import { Procore, ProcoreAuthModule, ProcoreGuard } from '@procore-auth/nestjs'
import express from 'express'
import type { FastifyInstance } from 'fastify'

/** Where an application of NestJS runs. */
export interface Platform {
  readonly adapter: () => AbstractHttpAdapter
  /** The same as a middleware or hook of the platform's own. */
  readonly addCookie: (nest: INestApplication, cookie: string) => void
}

export const ON_EXPRESS: Platform = {
  adapter: () => new ExpressAdapter(),
  addCookie: (nest, cookie) =>
    nest.use((_req: unknown, res: express.Response, next: () => void) => {
      res.append('set-cookie', cookie)
      next()
    }),
}

export const ON_FASTIFY: Platform = {
  adapter: () => new FastifyAdapter(),
  addCookie: (nest, cookie) => {
    const fastify: FastifyInstance = nest.getHttpAdapter().getInstance()
    fastify.addHook('onRequest', async (_request, reply) => {
      reply.header('set-cookie', cookie)
    })
  },
}

/** Starts the suite's application. */
export async function startNest(
  { adapter, addCookie }: Platform,
  { mounts, bodyParser, cookie }: AppPlan,
): Promise<RunningApp> {
  const named = mounts.map((mount, index) => ({
    ...mount,
    name: index === 0 ? undefined : `number ${index + 1}`,
  }))
  const application: DynamicModule = {
    module: bodyParser === 'after' ? LateParserModule : PlainModule,
    imports: named.map(({ path, options, name }) =>
      ProcoreAuthModule.forRoot({ ...options, ...below(path, options), name }),
    ),
    controllers: named.flatMap((mount) => mount.routes.map((route) => controllerOf(mount, route))),
  }
  const nest = await NestFactory.create(application, adapter(), {
    logger: false,
    bodyParser: bodyParser === 'before',
    forceCloseConnections: true,
  })
  if (cookie) addCookie(nest, cookie)
  const errors: unknown[] = []
  nest.useGlobalFilters(new NotingFilter(nest.get(HttpAdapterHost).httpAdapter, errors))
  await nest.listen(0, '127.0.0.1')
  const { port } = new URL(await nest.getUrl())
  return { port: Number(port), errors, close: () => nest.close() }
}

/** What other frameworks mount at a path NestJS is told: the adapter by an option, the routes one by one. */
function below(path: string, { basePath = '/auth/procore' }: ProcoreAuthOptions) {
  return path === '' ? {} : { basePath: path + basePath }
}

@Module({})
class PlainModule {}

/** Has its parser behind the adapter: on Express as a middleware of Nest, on Fastify anyway. */
@Module({})
class LateParserModule implements NestModule {
  readonly #adapter: AbstractHttpAdapter

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost) {
    this.#adapter = host.httpAdapter
  }

  configure(consumer: MiddlewareConsumer): void {
    if (this.#adapter.getType() === 'express') consumer.apply(express.json()).forRoutes('{*path}')
  }
}

function controllerOf(
  { path, name }: MountPlan & { readonly name: string | undefined },
  route: AppRoute,
): Type {
  const Method = route.method === 'GET' ? Get : Post
  const guards = route.guarded ? [name === undefined ? ProcoreGuard : ProcoreGuard.for(name)] : []

  @Controller(path)
  class RouteController {
    readonly #adapter: AbstractHttpAdapter

    constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost) {
      this.#adapter = host.httpAdapter
    }

    @Method(route.path)
    @UseGuards(...guards)
    async answer(
      @Procore(name) procore: ProcoreContext,
      @Body() body: unknown,
      @Res() res: object,
    ): Promise<void> {
      const sent = await route.answer(() => procore, body)
      if (!sent) return
      if ('json' in sent) {
        this.#adapter.setHeader(res, 'content-type', 'application/json')
        this.#adapter.reply(res, JSON.stringify(sent.json), 200)
        return
      }
      const file = new StreamableFile(Readable.from(sent.stream), { type: 'text/plain' })
      this.#adapter.reply(res, file, 200)
    }
  }
  return RouteController
}

/** Notes what is not Nest's own: a refusal of the guard, an address that is not there. */
@Catch()
class NotingFilter extends BaseExceptionFilter {
  readonly #errors: unknown[]

  constructor(adapter: AbstractHttpAdapter, errors: unknown[]) {
    super(adapter)
    this.#errors = errors
  }

  override catch(exception: unknown, host: ArgumentsHost): void {
    if (exception instanceof HttpException) {
      super.catch(exception, host)
      return
    }
    this.#errors.push(exception)
    const { status } = Object(exception)
    this.applicationRef?.reply(
      host.getArgByIndex(1),
      'handled',
      typeof status === 'number' ? status : 500,
    )
  }
}
