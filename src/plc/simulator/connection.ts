import modbusSerial from "modbus-serial";

const { default: ModbusRTU } = modbusSerial; // its types describe an ES module, it is a CommonJS one

/** A request that takes longer means that the other side is gone. */
const REQUEST_TIMEOUT_MS = 1000;

/** One Modbus TCP connection to one unit. Requests may overlap: they are served in the order of the calls. */
export class Connection {
  readonly #client = new ModbusRTU();
  /** The library forgets requests under way when a connection ends; these end them. */
  readonly #pending = new Set<(error: Error) => void>();

  /** @throws Error if there is no server */
  static async open(host: string, port: number, unit: number): Promise<Connection> {
    const connection = new Connection();
    await connection.#client.connectTCP(host, { port });
    connection.#client.setID(unit);
    return connection;
  }

  private constructor() {
    this.#client.setTimeout(REQUEST_TIMEOUT_MS);
    this.#client.on("error", () => undefined); // the request that it concerns fails by itself
    this.#client.on("close", () => {
      this.#fail();
    });
  }

  get isOpen(): boolean {
    return this.#client.isOpen;
  }

  /** Input registers. @throws Error if there is no answer in time */
  async readInputs(address: number, count: number): Promise<readonly number[]> {
    return (await this.#request(this.#client.readInputRegisters(address, count))).data;
  }

  /** Holding registers, by one request. @throws Error if there is no answer in time */
  async write(address: number, words: readonly number[]): Promise<void> {
    await this.#request(this.#client.writeRegisters(address, [...words]));
  }

  /** Breaks off; requests under way fail. */
  cut(): void {
    this.#client.destroy(() => undefined);
    this.#fail();
  }

  #request<T>(request: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      request.then(resolve, reject).finally(() => this.#pending.delete(reject));
    });
  }

  #fail(): void {
    for (const reject of this.#pending) reject(new Error("the connection was closed"));
    this.#pending.clear();
  }
}
