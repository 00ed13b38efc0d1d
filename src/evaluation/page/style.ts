/** Light and dark by the reader's setting; one column on a phone. No font, script or picture comes from elsewhere. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--soft:#f3f5f7;--line:#d5dae0;--faint:#5b6672;--good:#2b8a57;--bad:#c8442f;--mark:#2f62c4}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--paper:#14181d;--soft:#1e242b;--line:#39424d;--faint:#9aa6b2;--good:#4cc38a;--bad:#f0735e;--mark:#7ba7ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1100px;padding:1rem;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.2rem;margin:2rem 0 .4rem;border-top:1px solid var(--line);padding-top:1rem}
h3{font-size:1rem;margin:1rem 0 .3rem}p{margin:.3rem 0;color:var(--faint)}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums;margin:.4rem 0}
th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th{font-weight:600;background:var(--soft)}th:first-child,td:first-child{text-align:left;white-space:normal;min-width:5rem}
tr.mean td{font-weight:600}tr.published td{color:var(--faint)}
.charts{display:flex;flex-wrap:wrap;gap:1rem;align-items:flex-start}.charts svg{flex:1 1 280px;max-width:520px;height:auto}.charts svg:first-child{max-width:340px}
svg text{font:10px system-ui,sans-serif;fill:var(--faint)}
.grid{stroke:var(--line);stroke-width:.6}.axis{stroke:var(--faint)}.chance{stroke:var(--faint);stroke-dasharray:3 3}
.roc{fill:none;stroke:var(--mark);stroke-width:1.6}.deployed{fill:var(--bad);stroke:var(--paper)}
rect.good{fill:var(--good)}rect.bad{fill:var(--bad)}.threshold{stroke:var(--mark);stroke-width:1.5;stroke-dasharray:4 2}
.examples{display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:.8rem}
figure{margin:0;background:var(--soft);border-radius:6px;padding:.4rem}
figure div{display:grid;grid-template-columns:1fr 1fr;gap:.3rem}figure img{width:100%;display:block;border-radius:3px}
figcaption{font-size:.8rem;overflow-wrap:anywhere;padding-top:.3rem}.wrong{color:var(--bad);font-weight:600}
ul{padding-left:1.2rem;color:var(--faint);font-size:.85rem}
`;
