import { z } from "zod";

/**
 * What Home Assistant takes as device discovery, written from its documentation: home-assistant.io, integrations mqtt (device
 * discovery, abbreviations), binary_sensor.mqtt, sensor.mqtt, image.mqtt, button.mqtt, select.mqtt, number.mqtt. Strict: a key that is
 * no option of its platform, or no abbreviation, is an error here (Home Assistant refuses the whole message too).
 */

const topic = z.string().regex(/^[^+#\0]+$/);
const template = z.string().regex(/\{\{.*\}\}/s);

const entity = {
  uniq_id: z.string().min(1), // unique_id
  name: z.string(),
  dev_cla: z.string().optional(), // device_class
  ent_cat: z.enum(["config", "diagnostic"]).optional(), // entity_category
  json_attr_t: topic.optional(), // json_attributes_topic
  json_attr_tpl: template.optional(), // json_attributes_template
};
const state = { stat_t: topic, val_tpl: template }; // state_topic, value_template
const command = { cmd_t: topic }; // command_topic

const component = z.discriminatedUnion("p", [
  z.strictObject({ p: z.literal("binary_sensor"), ...entity, ...state, exp_aft: z.int().optional() }),
  z
    .strictObject({
      p: z.literal("sensor"),
      ...entity,
      ...state,
      stat_cla: z.enum(["measurement", "total", "total_increasing"]).optional(), // state_class
      unit_of_meas: z.string().optional(), // unit_of_measurement
      ops: z.array(z.string()).min(1).optional(), // options
      exp_aft: z.int().min(0).optional(), // expire_after, seconds
    })
    // sensor.mqtt: options belong to device_class enum, which has neither state class nor unit
    .refine((sensor) => (sensor.ops !== undefined) === (sensor.dev_cla === "enum"))
    .refine(
      ({ ops, stat_cla, unit_of_meas }) => ops === undefined || (stat_cla ?? unit_of_meas) === undefined,
    ),
  // image.mqtt: raw bytes unless image_encoding is b64; either image_topic or url_topic
  z.strictObject({ p: z.literal("image"), ...entity, img_t: topic, cont_type: z.string() }),
  z.strictObject({ p: z.literal("button"), ...entity, ...command, pl_prs: z.string() }), // payload_press
  z.strictObject({
    p: z.literal("select"),
    ...entity,
    ...state,
    ...command,
    ops: z.array(z.string()).min(1),
    cmd_tpl: template, // command_template
  }),
  z
    .strictObject({
      p: z.literal("number"),
      ...entity,
      ...state,
      ...command,
      cmd_tpl: template,
      mode: z.enum(["auto", "box", "slider"]),
      min: z.number(),
      max: z.number(),
      step: z.number().min(0.001),
    })
    .refine(({ min, max }) => min < max),
]);

export const discoverySchema = z.strictObject({
  dev: z.strictObject({
    ids: z.array(z.string()).min(1), // identifiers
    name: z.string(),
    mf: z.string().optional(), // manufacturer
    mdl: z.string().optional(), // model
    sw: z.string().optional(), // sw_version
    sn: z.string().optional(), // serial_number
  }),
  o: z.strictObject({ name: z.string(), sw: z.string().optional(), url: z.string().optional() }), // origin; name is required
  avty: z.array(z.strictObject({ t: topic, val_tpl: template })).min(1), // availability
  avty_mode: z.enum(["all", "any", "latest"]), // availability_mode
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  cmps: z.record(z.string().regex(/^[a-z0-9_]+$/), component), // components
});
