/** The tRPC router as a type, made from the same table: `createTRPCClient<ApiRouter>`. */
import type {
  TRPCBuiltRouter,
  TRPCDefaultErrorShape,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
} from "@trpc/server";
import type { z } from "zod";
import type { Procedure } from "../procedures/procedure.ts";
import type { Procedures } from "../procedures/table.ts";

interface Root {
  ctx: object;
  meta: object;
  errorShape: TRPCDefaultErrorShape;
  transformer: false;
}

/** Where nothing must be said, nothing need be given. */
type InputOf<Input extends z.ZodObject> =
  Record<string, never> extends z.input<Input> ? z.input<Input> | undefined : z.input<Input>;

type Definition<Input extends z.ZodObject, Output extends z.ZodType> = {
  input: InputOf<Input>;
  output: z.output<Output>;
  meta: unknown;
};

type Wired<P> =
  P extends Procedure<infer Method, infer Input, infer Output>
    ? Method extends "GET"
      ? TRPCQueryProcedure<Definition<Input, Output>>
      : TRPCMutationProcedure<Definition<Input, Output>>
    : never;

export type ApiRouter = TRPCBuiltRouter<
  Root,
  { [Name in keyof Procedures]: Wired<Procedures[Name]> }
>;
