// The maximum flows of LEMON and of Boost for the race, loaded through ctypes by cpp_peers.py.
// Compiled once for each library, with PEER_LEMON or PEER_BOOST defined.
//
// LEMON (Debian: liblemon-dev): `Preflow`, on `StaticDigraph`, whose arcs must come sorted by tail,
// or on `SmartDigraph`, which takes them in any order. Which is faster depends on the row.
//
// Boost (Debian: libboost-dev): `push_relabel_max_flow` or `boykov_kolmogorov_max_flow`, on
// `compressed_sparse_row_graph`. Both want a reverse edge without capacity for every arc; parallel
// arcs have one each. Neither says which flow went over an arc, but what capacity is left.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#ifdef PEER_LEMON
// SmartDigraph appends nodes and arcs first and fills them in afterwards.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <lemon/preflow.h>
#include <lemon/smart_graph.h>
#include <lemon/static_graph.h>
#endif
#ifdef PEER_BOOST
#include <boost/graph/boykov_kolmogorov_max_flow.hpp>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>
#endif

// A problem and room for its answer, laid out as `Run` in cpp_peers.py. If `narrow`, every capacity
// and their sum at the source fit into 32 bits, and so does everything that a solver adds up.
struct Run {
    int32_t num_nodes, source, sink, narrow;
    int64_t num_arcs;
    const int32_t *tails, *heads;
    const int64_t *capacity;
    int64_t *flow;
    uint8_t *source_side;
    int64_t value;
    double build, solve;
};

namespace {

// Seconds since it was made or last read.
class Watch {
    using Clock = std::chrono::steady_clock;
    Clock::time_point begin = Clock::now();

  public:
    double read() {
        const auto now = Clock::now();
        return std::chrono::duration<double>(now - std::exchange(begin, now)).count();
    }
};

#ifdef PEER_LEMON

// Fill in the capacities of a graph, solve, and read off the answer; `place[i]` is arc i's id.
template <typename Amount, typename Graph, typename Place>
void preflow(Run &run, const Graph &graph, const Place &place, Watch &watch) {
    using Amounts = typename Graph::template ArcMap<Amount>;
    Amounts capacity(graph);
    for (int64_t i = 0; i < run.num_arcs; ++i)
        capacity[graph.arcFromId(place(i))] = static_cast<Amount>(run.capacity[i]);
    run.build = watch.read();

    lemon::Preflow<Graph, Amounts> solver(graph, capacity, graph.nodeFromId(run.source),
                                          graph.nodeFromId(run.sink));
    solver.run();
    run.value = solver.flowValue();
    for (int64_t i = 0; i < run.num_arcs; ++i)
        run.flow[i] = solver.flow(graph.arcFromId(place(i)));
    for (int32_t v = 0; v < run.num_nodes; ++v)
        run.source_side[v] = solver.minCut(graph.nodeFromId(v));
    run.solve = watch.read();
}

template <typename Amount> void static_digraph(Run &run) {
    Watch watch;
    // Where arcs go when they are counted out by tail.
    std::vector<int> next(run.num_nodes + 1);
    for (int64_t i = 0; i < run.num_arcs; ++i)
        ++next[run.tails[i] + 1];
    for (int32_t v = 0; v < run.num_nodes; ++v)
        next[v + 1] += next[v];
    std::unique_ptr<int[]> place(new int[run.num_arcs]);
    std::vector<std::pair<int, int>> arcs(run.num_arcs);
    for (int64_t i = 0; i < run.num_arcs; ++i) {
        place[i] = next[run.tails[i]]++;
        arcs[place[i]] = {run.tails[i], run.heads[i]};
    }
    lemon::StaticDigraph graph;
    graph.build(run.num_nodes, arcs.begin(), arcs.end());
    preflow<Amount>(run, graph, [&](int64_t i) { return place[i]; }, watch);
}

template <typename Amount> void smart_digraph(Run &run) {
    Watch watch;
    lemon::SmartDigraph graph;
    graph.reserveNode(run.num_nodes);
    graph.reserveArc(static_cast<int>(run.num_arcs));
    for (int32_t v = 0; v < run.num_nodes; ++v)
        graph.addNode();
    for (int64_t i = 0; i < run.num_arcs; ++i)
        graph.addArc(graph.nodeFromId(run.tails[i]), graph.nodeFromId(run.heads[i]));
    preflow<Amount>(run, graph, [](int64_t i) { return static_cast<int>(i); }, watch);
}

#endif
#ifdef PEER_BOOST

using Id = uint32_t;
template <typename Edge>
using Graph = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, Edge,
                                                 boost::no_property, Id, Id>;
// Tail and number; the same type whatever belongs to an edge.
using Descriptor = Graph<boost::no_property>::edge_descriptor;

template <typename Amount> struct Edge {
    Amount capacity, residual;
    Descriptor reverse;
};

template <typename Amount> struct PushRelabel {
    // It has no cut: that is what can be reached from the source by capacity that is left.
    static void solve(Run &run, Graph<Edge<Amount>> &graph) {
        run.value = boost::push_relabel_max_flow(
            graph, run.source, run.sink, get(&Edge<Amount>::capacity, graph),
            get(&Edge<Amount>::residual, graph), get(&Edge<Amount>::reverse, graph),
            get(boost::vertex_index, graph));
        std::fill_n(run.source_side, run.num_nodes, 0);
        run.source_side[run.source] = 1;
        std::vector<Id> reached{static_cast<Id>(run.source)};
        while (!reached.empty()) {
            auto [edge, end] = out_edges(reached.back(), graph);
            reached.pop_back();
            for (; edge != end; ++edge) {
                const Id head = target(*edge, graph);
                if (graph[*edge].residual > 0 && !run.source_side[head]) {
                    run.source_side[head] = 1;
                    reached.push_back(head);
                }
            }
        }
    }
};

template <typename Amount> struct BoykovKolmogorov {
    // White is the tree to the sink, which is full grown at the end. That from the source, black,
    // need not be: with parallel arcs it may leave out nodes that it could reach.
    static void solve(Run &run, Graph<Edge<Amount>> &graph) {
        std::vector<boost::default_color_type> colour(run.num_nodes);
        const auto index = get(boost::vertex_index, graph);
        run.value = boost::boykov_kolmogorov_max_flow(
            graph, get(&Edge<Amount>::capacity, graph), get(&Edge<Amount>::residual, graph),
            get(&Edge<Amount>::reverse, graph),
            boost::make_iterator_property_map(colour.begin(), index), index, run.source, run.sink);
        for (int32_t v = 0; v < run.num_nodes; ++v)
            run.source_side[v] = colour[v] != boost::white_color;
    }
};

template <typename Amount, template <typename> typename Algorithm> void row_graph(Run &run) {
    Watch watch;
    // Arcs and their reverses, counted out by tail.
    std::vector<Id> next(run.num_nodes + 1);
    for (int64_t i = 0; i < run.num_arcs; ++i) {
        ++next[run.tails[i] + 1];
        ++next[run.heads[i] + 1];
    }
    for (int32_t v = 0; v < run.num_nodes; ++v)
        next[v + 1] += next[v];
    std::unique_ptr<Id[]> forward(new Id[run.num_arcs]), backward(new Id[run.num_arcs]);
    std::vector<std::pair<Id, Id>> ends(2 * run.num_arcs);
    for (int64_t i = 0; i < run.num_arcs; ++i) {
        const Id tail = run.tails[i], head = run.heads[i];
        forward[i] = next[tail]++;
        backward[i] = next[head]++;
        ends[forward[i]] = {tail, head};
        ends[backward[i]] = {head, tail};
    }
    Graph<Edge<Amount>> graph(boost::edges_are_sorted, ends.begin(), ends.end(),
                              static_cast<Id>(run.num_nodes), static_cast<Id>(ends.size()));
    for (int64_t i = 0; i < run.num_arcs; ++i) {
        const Descriptor there(run.tails[i], forward[i]), back(run.heads[i], backward[i]);
        graph[there] = {static_cast<Amount>(run.capacity[i]), 0, back};
        graph[back] = {0, 0, there};
    }
    run.build = watch.read();

    Algorithm<Amount>::solve(run, graph);
    for (int64_t i = 0; i < run.num_arcs; ++i) {
        const auto &edge = graph[Descriptor(run.tails[i], forward[i])];
        run.flow[i] = edge.capacity - edge.residual;
    }
    run.solve = watch.read();
}

#endif

} // namespace

// Memory that is refused ends the process, as the race expects.
extern "C" {
#ifdef PEER_LEMON
void lemon_static(Run *run) noexcept {
    run->narrow ? static_digraph<int32_t>(*run) : static_digraph<int64_t>(*run);
}
void lemon_smart(Run *run) noexcept {
    run->narrow ? smart_digraph<int32_t>(*run) : smart_digraph<int64_t>(*run);
}
#endif
#ifdef PEER_BOOST
void boost_push_relabel(Run *run) noexcept {
    run->narrow ? row_graph<int32_t, PushRelabel>(*run) : row_graph<int64_t, PushRelabel>(*run);
}
void boost_boykov_kolmogorov(Run *run) noexcept {
    run->narrow ? row_graph<int32_t, BoykovKolmogorov>(*run)
                : row_graph<int64_t, BoykovKolmogorov>(*run);
}
#endif
}
