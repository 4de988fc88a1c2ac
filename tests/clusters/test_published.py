"""Published totals, each derived again by max flow on the fabric as built."""

import numpy as np
import pinchpoint as pp
import pytest

# Every chip to every switch is half of what NVIDIA sells as the sum of both directions:
# "130 TB/s" of an NVL72 (72 x 18 links x 100 GB/s = 129.6), "260 TB/s" of Vera Rubin.
CHIP_TO_SWITCH = {
    "gb200_nvl72": 64_800,
    "gb300_nvl72": 64_800,
    "p6e_gb200": 64_800,
    "vera_rubin_nvl72": 129_600,
    "trn4_rack": 129_600,  # 72 ASICs at 1.8 TB/s per direction (NVLink Fusion announcement)
    "gh200_nvl32": 32 * 450,
    "hgx_h100": 8 * 450,
    "hgx_h200": 8 * 450,
    "hgx_b200": 8 * 900,
    "hgx_b300": 8 * 900,
}
# EFA or NIC totals in Gb/s per direction: AWS instance pages, EKS UltraServer guide (28.8 Tb/s),
# AWS Neuron documentation (trn3: 12,800 and 28,800), SuperPOD and DGX documents.
CHIP_TO_NIC = {
    "trn2_instance": 3_200,
    "trn2_ultraserver": 12_800,
    "trn3_ultraserver": 28_800,
    "p5": 3_200,
    "p5en": 3_200,
    "p6_b200": 3_200,
    "p6_b300": 6_400,
    "p6e_gb200": 28_800,
    "gb200_nvl72": 72 * 400,
    "gb300_nvl72": 72 * 800,
    "vera_rubin_nvl72": 72 * 1_600,
    "hgx_h100": 3_200,
    "hgx_b300": 6_400,
}


@pytest.mark.parametrize(("name", "gbyte_per_s"), CHIP_TO_SWITCH.items())
def test_chips_to_switches(name, gbyte_per_s):
    assert pp.clusters.build(name).bandwidth("chip", "switch").gbyte_per_s == gbyte_per_s


@pytest.mark.parametrize(
    ("name", "sold"),
    [
        # NVIDIA NVLink product page: 130 TB/s an NVL72; Hot Chips 2026: 260 TB/s Vera Rubin NVL72.
        ("gb200_nvl72", 130),
        ("gb300_nvl72", 130),
        ("vera_rubin_nvl72", 260),
        # HGX B200 and B300: 14.4 TB/s in all; HGX H100: 7.2 TB/s (NVIDIA HGX platform page).
        ("hgx_h100", 7.2),
        ("hgx_b200", 14.4),
        ("hgx_b300", 14.4),
    ],
)
def test_totals_as_sold_sum_both_directions(name, sold):
    both = 2 * pp.clusters.build(name).bandwidth("chip", "switch").gbyte_per_s / 1000
    assert both == pytest.approx(sold, rel=0.004)
    if name.endswith("nvl72"):
        assert both == pytest.approx(
            pp.hardware[name.replace("b300", "b200")]["scale_up_total"].value
        )


def test_ultraserver_efa_between_two_of_them():
    # 28.8 Tb/s of EFA for a Trn3 UltraServer (AWS Neuron documentation), end to end.
    pair = pp.clusters.trn3_ultracluster(2)
    result = pair.bandwidth("chip[ultraserver=0]", "chip[ultraserver=1]")
    assert result.gbit_per_s == 28_800


@pytest.mark.parametrize("units", [1, 2])
def test_superpod_b300_is_non_blocking(units):
    # DGX SuperPOD B300 XDR: 72 nodes of 8 GPUs a unit, 800 Gb/s each, full bisection.
    pod = pp.clusters.superpod_b300(units)
    half = units * 36
    result = pod.bandwidth(f"chip[node=0:{half}]", f"chip[node={half}:{2 * half}]")
    assert result.gbit_per_s == half * 8 * 800


@pytest.mark.parametrize(("name", "gbit_per_s"), CHIP_TO_NIC.items())
def test_chips_to_nics(name, gbit_per_s):
    assert pp.clusters.build(name).bandwidth("chip", "nic").gbit_per_s == gbit_per_s


def test_trn3_gen1_efa():
    server = pp.clusters.trn3_ultraserver(gen=1)
    assert server.num_chips == 64
    assert server.bandwidth("chip", "nic").gbit_per_s == 12_800


@pytest.mark.parametrize(
    ("name", "half", "other", "gbyte_per_s"),
    [
        ("gb200_nvl72", "chip[chip=0:36]", "chip[chip=36:72]", 32_400),
        ("vera_rubin_nvl72", "chip[chip=0:36]", "chip[chip=36:72]", 64_800),
        # AWS driver neighbour table: 8 edges of 128 GB/s cross a 4x4 torus.
        ("trn2_instance", "chip[x=0:2]", "chip[x=2:4]", 1_024),
        ("trn2_instance", "chip[y=0:2]", "chip[y=2:4]", 1_024),
        ("trn2_ultraserver", "chip[z=0:2]", "chip[z=2:4]", 2_048),
        ("trn2_ultraserver", "chip[x=0:2]", "chip[x=2:4]", 4_096),
        # 72 chips x 128 GB/s of direct links between the racks, in both published wirings.
        ("trn3_ultraserver", "chip[rack=0]", "chip[rack=1]", 9_216),
    ],
)
def test_half_to_half(name, half, other, gbyte_per_s):
    assert pp.clusters.build(name).bandwidth(half, other).gbyte_per_s == gbyte_per_s


@pytest.mark.parametrize(
    ("wiring", "gbyte_per_s"), [("reconciled", 512 + 512 + 128), ("aws_text", 256 + 320 + 128)]
)
@pytest.mark.parametrize("gen", [1, 2])
def test_trn3_chip_to_the_rest(gen, wiring, gbyte_per_s):
    server = pp.clusters.trn3_ultraserver(gen=gen, wiring=wiring)
    rest = f"chip[chip=1:{server.num_chips}]"
    assert server.bandwidth("chip[chip=0]", rest).gbyte_per_s == gbyte_per_s
    cross = 64 * server.num_chips
    assert server.bandwidth("chip[rack=0]", "chip[rack=1]").gbyte_per_s == cross


def test_trn3_switch_counts():
    # Notes on SemiAnalysis' report: 4 planes x 10 and 18 x 8 = 184 switches a rack (NL72x2),
    # 2 planes x 8 = 16 a rack (NL32x2).
    gen2 = sizes(pp.clusters.trn3_ultraserver())
    assert gen2["switch"] + gen2["tray_switch"] == 2 * 184
    assert sizes(pp.clusters.trn3_ultraserver(gen=1))["switch"] == 2 * 16


def test_trn2_neighbours():
    # trn2_32xl_neigbor_ids of the AWS Neuron driver: four neighbours at 128 GB/s.
    instance = pp.clusters.trn2_instance()
    rest = ["chip[x=1:4]", "chip[x=0,y=1:4]"]
    assert instance.bandwidth("chip[x=0,y=0]", rest).gbyte_per_s == 512
    server = pp.clusters.trn2_ultraserver()
    rest = ["chip[x=1:4]", "chip[x=0,y=1:4]", "chip[x=0,y=0,z=1:4]"]
    assert server.bandwidth("chip[x=0,y=0,z=0]", rest).gbyte_per_s == 640


@pytest.mark.parametrize("board", ["hgx_h100", "hgx_h200"])
def test_hgx_h100_switches(board):
    # NCCL dump of IBM Cloud: every GPU has 4, 5, 5, 4 links of 25 GB/s.
    fabric = pp.clusters.build(board)
    per_switch = [
        fabric.bandwidth("chip[chip=0]", f"switch[index={i}]", forwarding="none").gbyte_per_s
        for i in range(4)
    ]
    assert per_switch == [100, 125, 125, 100]


def sizes(fabric):
    return {group.name: group.size for group in fabric.groups}


def links(fabric):
    return {bundle.name: bundle.num_links for bundle in fabric.bundles}


def test_superpod_b200_table():
    # DGX SuperPOD B200 reference architecture: switches and cables by scalable units.
    table = pp.hardware["superpod_b200"]
    for i, units in enumerate(table["units"].value):
        pod = pp.clusters.superpod_b200(units)
        assert pod.num_chips == table["chips"].value[i]
        assert sizes(pod)["leaf"] == table["leaves"].value[i]
        assert sizes(pod)["spine"] == table["spines"].value[i]
        assert sizes(pod).get("core", 0) == table["cores"].value[i]
        tiers = ["nic-leaf", "leaf-spine"] + ["spine-core"] * (units > 8)
        assert {links(pod)[tier] for tier in tiers} == {table["cables_per_tier"].value[i]}


def test_superpod_b300_table():
    table = pp.hardware["superpod_b300"]
    for i, units in enumerate(table["units"].value):
        pod = pp.clusters.superpod_b300(units)
        assert pod.num_chips == table["chips"].value[i]
        assert sizes(pod)["leaf"] == table["leaves"].value[i]
        assert sizes(pod)["spine"] == table["spines"].value[i]
        cables = table["cables_per_tier"].value[i]
        assert {links(pod)["nic-leaf"], links(pod)["leaf-spine"]} == {cables}


@pytest.mark.parametrize("units", [2, 16])
def test_superpods_are_non_blocking(units):
    pod = pp.clusters.superpod_b200(units)
    half = units * 16
    result = pod.bandwidth(f"chip[node=0:{half}]", f"chip[node={half}:{2 * half}]")
    assert result.gbit_per_s == half * 8 * 400


def test_meta_24k_is_one_to_seven_above_the_pods():
    # Llama 3 paper, section 3.3.1: 8 pods of 192 racks of 16 GPUs, 400 Gb/s, 1:7.
    cluster = pp.clusters.meta_24k()
    assert cluster.num_chips == 24_576
    inside = cluster.bandwidth("chip[pod=0,pod_row=0:96]", "chip[pod=0,pod_row=96:192]")
    assert inside.gbit_per_s == 1536 * 400
    across = cluster.bandwidth("chip[pod=0]", "chip[pod=1]")
    assert 3072 * 400 / across.gbit_per_s == pytest.approx(7, rel=1e-6)


def test_hpn_is_fifteen_to_one_above_the_pods():
    # HPN paper: 15 segments of 1,024 GPUs, 120 leaves and 60 spines a plane, 15:1 to the core.
    hpn = pp.clusters.alibaba_hpn(pods=2)
    one = sizes(pp.clusters.alibaba_hpn())
    assert one["chip"] == 15_360
    assert one["leaf"] == 2 * 120
    assert one["spine"] == 2 * 60
    down, up = links(hpn)["leaf-spine"], links(hpn)["spine-core"]
    assert down == 15 * up
    across = hpn.bandwidth("chip[pod=0]", "chip[pod=1]")
    assert across.gbit_per_s * 15 == 2 * 60 * 120 * 400


def test_fat_tree_counts():
    # Al-Fares and others: k^3/4 hosts, 5k^2/4 switches, 3k^3/4 links.
    for k in (2, 4, 8, 16, 48):
        tree = pp.clusters.fat_tree(k)
        assert tree.num_chips == k**3 // 4
        assert tree.num_nodes == k**3 // 4 + 5 * k * k // 4
        assert tree.num_links == 3 * k**3 // 4


def test_fat_tree_is_non_blocking():
    tree = pp.clusters.fat_tree(8)
    assert tree.bandwidth("chip[pod=0:4]", "chip[pod=4:8]").gbit_per_s == 64 * 400


def test_rail_only_needs_forwarding_chips():
    net = pp.clusters.rail_only(16, radix=16)
    one, other = "chip[server=0,chip=0]", "chip[server=15,chip=1]"
    assert net.bandwidth(one, other).gbit_per_s == 3_200
    assert net.bandwidth(one, other, forwarding="none").gbit_per_s == 0
    railed = pp.clusters.rail_optimized(16, radix=16)
    assert railed.bandwidth(one, other).gbit_per_s == 400


@pytest.mark.parametrize("ultraservers", [2, 64, 65, 7000, 7168, 16_384, 16_385, 1_000_000])
def test_ultracluster_is_bound_by_the_nics(ultraservers):
    cluster = pp.clusters.trn3_ultracluster(ultraservers)
    assert cluster.num_chips == 144 * ultraservers
    last = f"chip[ultraserver={ultraservers - 1}]"
    result = cluster.bandwidth("chip[ultraserver=0]", last)
    assert result.gbit_per_s == 28_800
    assert [row.bundle for row in result.bottleneck.rows] == ["chip-nic"]


def test_ultracluster_layout():
    cluster = pp.clusters.trn3_ultracluster()
    # 64 UltraServers a pod (128 leaves), 72 spines a pod, 128 cores per spine index.
    assert sizes(cluster)["leaf"] == 2 * 7168
    assert sizes(cluster)["spine"] == 72 * 112
    assert sizes(cluster)["core"] == 72 * 128
    assert "super" not in sizes(cluster)
    tiers = links(cluster)
    assert tiers["nic-leaf"] == tiers["leaf-spine"] == tiers["spine-core"] == cluster.num_chips
    assert "super" in sizes(pp.clusters.trn3_ultracluster(16_385))


def test_oversubscription_is_paid_between_racks():
    cluster = pp.clusters.trn3_ultracluster(8, oversubscription=4)
    assert cluster.bandwidth("chip[ultraserver=0]", "chip[ultraserver=7]").gbit_per_s == 7_200


def test_trn4_ultracluster():
    cluster = pp.clusters.build("trn4-ultracluster", racks=4096)
    assert cluster.num_chips == 294_912
    assert cluster.bandwidth("chip[rack=0]", "chip[rack=4095]").gbit_per_s == 14_400


@pytest.mark.parametrize("generation", [4, 5, 6])
def test_nvlink_generations_compare(generation):
    per_chip = {4: 450, 5: 900, 6: 1800}[generation]
    for chips in (32, 72, 144):
        rack = pp.clusters.nvlink_fusion_rack(chips, nvlink=generation)
        rest = f"chip[chip=1:{chips}]"
        assert rack.bandwidth("chip[chip=0]", rest).gbyte_per_s == per_chip


def test_half_a_p6e():
    rack = pp.clusters.p6e_gb200(36)
    assert rack.num_chips == 36
    assert rack.bandwidth("chip", "nic").gbit_per_s == 14_400  # 9 x 1,600, EKS guide


@pytest.mark.parametrize(("pod", "gbyte_per_s"), [("tpu_v5e", 1_600), ("tpu_v6e", 3_200)])
def test_tpu_pod_bisection(pod, gbyte_per_s):
    # Google Cloud documentation: pod bisection 1.6 TB/s (v5e) and 3.2 TB/s (v6e), 32 wrap links.
    fabric = pp.clusters.build(pod)
    assert fabric.bandwidth("chip[x=0:8]", "chip[x=8:16]").gbyte_per_s == gbyte_per_s
    assert fabric.bandwidth("chip[y=0:8]", "chip[y=8:16]").gbyte_per_s == gbyte_per_s


def test_tpu_wrap_rules():
    # How to Scale Your Model: v5e and v6e wrap only at 16, 3D pods at multiples of 4.
    assert links(pp.clusters.tpu_v5e("8x16")) == {"chip-x": 112, "chip-y": 128, "chip-nic": 128}
    assert links(pp.clusters.tpu_v4("4x4x8"))["chip-z"] == 128
    assert links(pp.clusters.tpu_v4("2x2x2"))["chip-x"] == 4
    for name, largest in (("tpu_v4", "16x16x17"), ("tpu_v5e", "16x17"), ("tpu7x", "9217x1x1")):
        with pytest.raises(pp.PinchpointError, match="does not fit a pod"):
            pp.clusters.build(name, slice_shape=largest)


@pytest.mark.parametrize("name", ["tpu_v4", "tpu_v5p", "tpu7x"])
def test_tpu_chip_has_six_links(name):
    cube = pp.clusters.build(name, slice_shape="4x4x4")
    rest = cube.select("chip") - cube.select("chip[x=0,y=0,z=0]")
    link = pp.hardware[name]["link"].value
    assert cube.bandwidth("chip[x=0,y=0,z=0]", rest).gbyte_per_s == 6 * link


def test_dragonfly_group():
    # ALCF Aurora documentation: 32 switches, 16 endpoint, 31 local and 16 global ports each.
    net = pp.clusters.dragonfly()
    assert links(net)["leaf-leaf-local"] == 17 * 32 * 31 // 2
    assert links(net)["leaf-leaf-global"] == 17 * 512 // 2
    assert net.bandwidth("chip[group=0]", "chip[group=1:17]").gbit_per_s == 512 * 200


@pytest.mark.parametrize(
    ("groups", "switches", "ports"),
    [(18, 32, 16), (166, 32, 16), (9, 4, 2), (7, 4, 2), (513, 32, 16)],
)
def test_dragonfly_of_many_groups(groups, switches, ports):
    # More groups than a switch has global ports: all pairs of groups have equally many links, and
    # no switch more than it has ports (Kim, Dally, Scott, Abts, ISCA 2008).
    net = pp.clusters.dragonfly(
        groups, switches_per_group=switches, global_ports=ports, chips_per_switch=1
    )
    leaves = groups * switches
    a, b = (ends.astype(int) - leaves for ends in (net.tails, net.heads))
    across = (a >= 0) & (a // switches != b // switches)
    pairs, counts = np.unique((a // switches * groups + b // switches)[across], return_counts=True)
    parallel = switches * ports // (groups - 1)
    assert pairs.size == groups * (groups - 1) // 2
    assert set(counts.tolist()) == {parallel}
    used = np.bincount(np.concatenate([a[across], b[across]]), minlength=leaves)
    assert used.max() <= ports
    inside = (a >= 0) & ~across
    assert inside.sum() == groups * switches * (switches - 1) // 2
    assert net.num_chips == leaves
    assert [bundle.name for bundle in net.bundles] == ["chip-leaf", "leaf-leaf"]
    if groups < 20:
        one = net.bandwidth(f"chip[chip=0:{switches}]", f"chip[chip={switches}:{leaves}]")
        assert one.gbit_per_s == 200 * min(switches, (groups - 1) * parallel)


@pytest.mark.parametrize("seed", [0, 1, 7])
@pytest.mark.parametrize(("switches", "degree"), [(64, 8), (10, 9), (12, 7), (9, 2), (200, 3)])
def test_jellyfish_is_simple_and_regular(switches, degree, seed):
    net = pp.clusters.jellyfish(switches, degree=degree, chips_per_switch=1, seed=seed)
    arrays = net.materialize()
    pairs = {
        (min(a, b), max(a, b))
        for a, b in zip(arrays.tails.tolist(), arrays.heads.tolist(), strict=True)
    }
    assert len(pairs) == net.num_links
    assert all(a != b for a, b in pairs)
    for switch in range(switches):
        assert sum(switch in pair for pair in pairs) == degree + 1


def test_expanders_are_seeded():
    def tails(**options):
        return pp.clusters.jellyfish(64, degree=8, **options).materialize().tails.tolist()

    assert tails(seed=3) == tails(seed=3)
    assert tails(seed=3) != tails(seed=4)


def test_xpander_degrees():
    net = pp.clusters.xpander(8, degree=6, chips_per_switch=2)
    arrays = net.materialize()
    ends = [*arrays.tails.tolist(), *arrays.heads.tolist()]
    assert all(ends.count(switch) == 6 + 2 for switch in range(7 * 8))


@pytest.mark.parametrize(
    ("name", "options", "switches", "per_switch"),
    [
        ("jellyfish", {"switches": 32, "degree": 6, "chips_per_switch": 4}, 32, 4),
        ("xpander", {"lift": 4, "degree": 6, "chips_per_switch": 2}, 28, 2),
    ],
)
def test_expanders_have_chips(name, options, switches, per_switch):
    net = pp.clusters.build(name, **options)
    chips = switches * per_switch
    assert net.name == name
    assert net.num_chips == chips
    assert {g.name: (g.role, g.forwards) for g in net.groups} == {
        "leaf": ("switch", True),
        "chip": ("chip", False),
    }
    assert [bundle.name for bundle in net.bundles] == ["chip-leaf", "leaf-leaf"]
    homes = dict(zip(net.tails[:chips].tolist(), net.heads[:chips].tolist(), strict=True))
    assert homes == {switches + chip: chip // per_switch for chip in range(chips)}
    half = net.bisection().bandwidth
    ids = range(switches, switches + chips)
    assert half.kbit_per_s == net.bandwidth(ids[: chips // 2], ids[chips // 2 :]).kbit_per_s
    assert net.collective("all_reduce", gbyte=1.0).busbw_gbyte_per_s == 50
    pairs = pp.traffic.all_to_all(net.select("chip"), per_chip_gbyte_per_s=1.0)
    assert net.congestion(pairs).max_utilization > 0


def test_expander_without_chips():
    net = pp.clusters.jellyfish(16, degree=4, chips_per_switch=0)
    assert [group.name for group in net.groups] == ["leaf"]
    assert net.num_chips == 0
