/** What of gstreamer-superficial 1.7.4 is used (GObjectWrap.cpp, Pipeline.cpp); the package has no types. */
declare module "gstreamer-superficial" {
  /** A bus message: its structure's fields, flattened. */
  export interface BusMessage {
    readonly type: string;
    readonly message?: string;
    readonly debug?: string;
    readonly _src_element_name?: string;
  }

  /** `pull` answers once, from a pool thread; null after EOS, an error or `stop()`, at once before `play()`. */
  export interface AppSink {
    readonly eos: boolean;
    pull(onSample: (buffer: Buffer | null, caps: Readonly<Record<string, unknown>>) => void): void;
  }

  /** `pts` is a big-endian u64 of nanoseconds. */
  export interface AppSource {
    push(buffer: Buffer, pts: Buffer): void;
  }

  export interface Pipeline {
    "auto-flush-bus": boolean;
    /** Blocks until the state change returned; a failure is only on the bus. */
    play(): void;
    stop(): void;
    findChild(name: string): unknown;
    /** Pops messages one by one for as long as the pipeline is not in state NULL when one arrived. */
    pollBus(onMessage: (message: BusMessage) => void): void;
  }

  /** @throws Error with GStreamer's words if the launch string is bad */
  export const Pipeline: new (launch: string) => Pipeline;
}
