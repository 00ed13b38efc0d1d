import packageJson from "../../package.json" with { type: "json" };

/** assayd's version. */
export const SOFTWARE_VERSION: string = packageJson.version;
