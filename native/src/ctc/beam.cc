// Prefix beam search (Hannun et al. 2014), section 5 of docs/math/ctc.md.
//
// Prefixes are nodes of a tree, each made once. Only a prefix's parent prolongs it, so nothing has to be looked up by its
// symbols: a prefix of the beam takes what its parent gives it if that is in the beam too, and all others are new.
#include <algorithm>
#include <cfloat>
#include <functional>

#include "decode.h"

namespace bigru {
namespace {

constexpr double kMostWeight = 1e6;  // so that no score overflows

// The log probability of a symbol by the model (0: the end), and the state after it.
double model_step(const bigru_ctc_model& m, int32_t state, int32_t symbol, int32_t* next) {
  double cost = 0.0;
  for (; state != 0; state = m.shorter[state]) {
    const int32_t *from = m.symbols + m.first[state], *to = m.symbols + m.first[state + 1];
    const int32_t* found = std::lower_bound(from, to, symbol);
    if (found != to && *found == symbol) {
      *next = m.next[found - m.symbols];
      return cost + m.log_p[found - m.symbols];
    }
    cost += m.back_off[state];
  }
  *next = m.next[symbol];
  return cost + m.log_p[symbol];
}

bool sound_arc(const bigru_ctc_model& m, int64_t arc, int64_t K) {
  return m.symbols[arc] >= 0 && m.symbols[arc] < K && m.next[arc] >= 0 && m.next[arc] < m.states &&
         m.log_p[arc] <= 0.0f && m.log_p[arc] >= -FLT_MAX;
}

bool sound_state(const bigru_ctc_model& m, int64_t state, int64_t K) {
  const int64_t from = m.first[state], to = m.first[state + 1];
  if (from < 0 || from > to || to > m.arcs || (state == 0 && (from != 0 || to != K))) return false;
  if (!(m.back_off[state] <= 0.0f && m.back_off[state] >= -FLT_MAX)) return false;
  if (m.shorter[state] < 0 || (state > 0 && m.shorter[state] >= state)) return false;
  for (int64_t arc = from; arc < to; ++arc)
    if (!sound_arc(m, arc, K) || (arc > from && m.symbols[arc] <= m.symbols[arc - 1])) return false;
  return true;
}

std::string check_model(const char* where, const bigru_ctc_model& m, int64_t K) {
  const std::string here = std::string(where) + ": ";
  if (m.states < 1 || m.states > INT32_MAX || m.arcs < K || m.start < 0 || m.start >= m.states)
    return here + "model must have states, K arcs or more, and a start among its states";
  const std::string wrong = check_present(where, {{"first", m.first}, {"symbols", m.symbols}, {"next", m.next},
                                                  {"log_p", m.log_p}, {"back_off", m.back_off}, {"shorter", m.shorter}});
  if (!wrong.empty()) return wrong;
  for (int64_t state = 0; state < m.states; ++state)
    if (!sound_state(m, state, K)) return here + "model must be sound, state " + std::to_string(state) + " is not";
  return "";
}

struct Node {                      // a prefix
  int64_t parent, child, sibling;  // -1: none. child: made last; sibling: made before
  int64_t slot, length;            // slot: its place in the beam, or -1
  int32_t symbol, state;           // its last symbol, and the model's state after it
  double model;                    // log probability by the model
};

struct Held {                      // a prefix of the beam
  int64_t node;
  double blank, symbol, total;     // log of the sum of its alignments that end in the blank, in a symbol, and of both
  double score;
};

struct Likelier {                  // of two symbols of a frame
  const float* logits;
  bool operator()(int32_t a, int32_t b) const { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; }
};

struct Candidate {
  Held held;                       // node: the parent's if it is new
  bool fresh;
  int32_t symbol, state;
  double model;
  size_t order;                    // of equal scores the first stays
};

class Search {
 public:
  Search(const CtcFrames& f, const bigru_ctc_search& s)
      : f_(f), s_(s), stamp_of_(f.K, 0), most_(s.candidates > 0 ? std::min(s.candidates, f.K - 1) : f.K - 1) {
    const int32_t start = s.model ? static_cast<int32_t>(s.model->start) : 0;
    nodes_.push_back({-1, -1, -1, 0, 0, 0, start, 0.0});
    beam_.push_back({0, 0.0, kNever, 0.0, 0.0});
  }

  std::vector<CtcFound> run() {
    for (int64_t t = 0; t < f_.length; ++t) advance(t);
    std::vector<CtcFound> all;
    std::vector<std::pair<double, size_t>> order;
    for (const Held& held : beam_) {
      all.push_back({spell(held.node), extra_at_end(nodes_[held.node])});
      order.emplace_back(held.total + all.back().extra, order.size());
    }
    std::sort(order.begin(), order.end(), [&](const auto& x, const auto& y) {
      return x.first != y.first ? x.first > y.first : all[x.second].symbols < all[y.second].symbols;
    });
    std::vector<CtcFound> best;
    for (size_t i = 0; i < order.size() && i < static_cast<size_t>(s_.n); ++i)
      best.push_back(std::move(all[order[i].second]));
    return best;
  }

 private:
  double extra(double model, int64_t length) const { return s_.weight * model + s_.bonus * static_cast<double>(length); }

  double extra_at_end(const Node& n) const {
    int32_t next;
    return extra(s_.model ? n.model + model_step(*s_.model, n.state, 0, &next) : 0.0, n.length);
  }

  std::vector<int64_t> spell(int64_t node) const {
    std::vector<int64_t> symbols(nodes_[node].length);
    for (auto at = symbols.rbegin(); at != symbols.rend(); ++at, node = nodes_[node].parent) *at = nodes_[node].symbol;
    return symbols;
  }

  // What a prefix gives to its prolongation: a symbol is repeated only after a blank.
  double grown(const Held& held, int32_t symbol) const {
    return nodes_[held.node].symbol == symbol ? held.blank : held.total;
  }

  void advance(int64_t t) {
    next_.clear();
    floor_.clear();
    list_children();
    for (const Held& held : beam_) stay(t, held);
    find_likeliest(f_.logits + t * f_.K, least_logit(t));
    for (size_t slot = 0; slot < beam_.size(); ++slot) prolong(t, slot);
    choose();
  }

  // For each place in the beam those that hold a prolongation of it: first_[slot], then after_ of that.
  void list_children() {
    first_.assign(beam_.size(), -1);
    after_.assign(beam_.size(), -1);
    for (size_t slot = 0; slot < beam_.size(); ++slot) {
      const int64_t parent = nodes_[beam_[slot].node].parent;
      const int64_t place = parent < 0 ? -1 : nodes_[parent].slot;
      if (place < 0) continue;
      after_[slot] = first_[place];
      first_[place] = static_cast<int64_t>(slot);
    }
  }

  // Logits below this prolong no prefix to a score among the best. (Rounded down, for prolong decides exactly.)
  float least_logit(int64_t t) const {
    double most = kNever;
    for (const Held& held : beam_) {
      const Node& node = nodes_[held.node];
      most = std::max(most, held.total + extra(node.model, node.length + 1));
    }
    const double least = floor() - most + f_.log_z[t], rounding = 1e-6 * (std::fabs(floor()) + std::fabs(most) + std::fabs(least));
    return least > kNever ? static_cast<float>(std::clamp<double>(least - rounding, -FLT_MAX, FLT_MAX)) : -FLT_MAX;
  }

  // The frame's likeliest symbols but the blank, likeliest first, of equals the smaller.
  void find_likeliest(const float* x, float least) {
    constexpr int64_t block = 16;
    likeliest_.clear();
    for (int64_t k = 1; k < f_.K; k += block) {
      const int64_t end = std::min(k + block, f_.K);
      int some = 0;
      for (int64_t i = k; i < end; ++i) some |= x[i] >= least;
      if (!some) continue;
      for (int64_t i = k; i < end; ++i)
        if (x[i] >= least) least = keep(x, static_cast<int32_t>(i), least);
    }
    std::sort(likeliest_.begin(), likeliest_.end(), Likelier{x});
  }

  // Returns the logit that the next one must reach. likeliest_ is a heap, the last of them in front.
  float keep(const float* x, int32_t symbol, float least) {
    const Likelier likelier{x};
    if (static_cast<int64_t>(likeliest_.size()) == most_) {
      if (!likelier(symbol, likeliest_.front())) return least;
      std::pop_heap(likeliest_.begin(), likeliest_.end(), likelier);
      likeliest_.pop_back();
    }
    likeliest_.push_back(symbol);
    std::push_heap(likeliest_.begin(), likeliest_.end(), likelier);
    return static_cast<int64_t>(likeliest_.size()) == most_ ? std::max(least, x[likeliest_.front()]) : least;
  }

  void stay(int64_t t, const Held& held) {
    const Node& node = nodes_[held.node];
    Held after{held.node, held.total + f_.log_p(t, 0), kNever, 0.0, 0.0};
    if (node.parent >= 0) {
      const double p = f_.log_p(t, node.symbol);
      const int64_t place = nodes_[node.parent].slot;
      after.symbol = place < 0 ? held.symbol + p : log_add(held.symbol, grown(beam_[place], node.symbol)) + p;
    }
    after.total = log_add(after.blank, after.symbol);
    after.score = after.total + extra(node.model, node.length);
    offer({after, false, node.symbol, node.state, node.model, next_.size()});
  }

  // The model only lowers a score, so what is below the floor without it need not be asked.
  void prolong(int64_t t, size_t slot) {
    const Held& held = beam_[slot];
    const Node& node = nodes_[held.node];
    ++stamp_;
    for (int64_t child = first_[slot]; child >= 0; child = after_[child]) stamp_of_[nodes_[beam_[child].node].symbol] = stamp_;
    const double known = extra(node.model, node.length + 1);
    for (int32_t symbol : likeliest_) {
      const double p = f_.log_p(t, symbol), sum = grown(held, symbol) + p;
      if (held.total + p + known < floor()) break;
      if (stamp_of_[symbol] == stamp_ || sum == kNever || sum + known < floor()) continue;
      Candidate c{{held.node, kNever, sum, sum, sum + known}, true, symbol, 0, 0.0, next_.size()};
      if (s_.model) {
        c.model = node.model + model_step(*s_.model, node.state, symbol, &c.state);
        c.held.score = sum + extra(c.model, node.length + 1);
      }
      if (c.held.score >= floor()) offer(c);
    }
  }

  // The least score that is still among the best so far.
  double floor() const { return floor_.size() < static_cast<size_t>(s_.width) ? kNever : floor_.front(); }

  void offer(const Candidate& c) {
    next_.push_back(c);
    if (floor_.size() == static_cast<size_t>(s_.width)) {
      if (c.held.score <= floor_.front()) return;
      std::pop_heap(floor_.begin(), floor_.end(), std::greater<double>());
      floor_.pop_back();
    }
    floor_.push_back(c.held.score);
    std::push_heap(floor_.begin(), floor_.end(), std::greater<double>());
  }

  void choose() {
    const auto better = [](const Candidate& a, const Candidate& b) {
      return a.held.score != b.held.score ? a.held.score > b.held.score : a.order < b.order;
    };
    if (next_.size() > static_cast<size_t>(s_.width)) {
      std::nth_element(next_.begin(), next_.begin() + s_.width, next_.end(), better);
      next_.resize(s_.width);
    }
    std::sort(next_.begin(), next_.end(), better);
    for (const Held& held : beam_) nodes_[held.node].slot = -1;
    beam_.clear();
    for (Candidate& c : next_) {
      if (c.fresh) c.held.node = child_of(c);
      nodes_[c.held.node].slot = static_cast<int64_t>(beam_.size());
      beam_.push_back(c.held);
    }
  }

  // A prefix that comes back is the node that it was: its prolongations may be in the beam.
  int64_t child_of(const Candidate& c) {
    const int64_t parent = c.held.node, made = static_cast<int64_t>(nodes_.size());
    for (int64_t child = nodes_[parent].child; child >= 0; child = nodes_[child].sibling)
      if (nodes_[child].symbol == c.symbol) return child;
    nodes_.push_back({parent, -1, nodes_[parent].child, -1, nodes_[parent].length + 1, c.symbol, c.state, c.model});
    return nodes_[parent].child = made;
  }

  const CtcFrames& f_;
  const bigru_ctc_search& s_;
  std::vector<Node> nodes_;
  std::vector<Held> beam_;
  std::vector<Candidate> next_;
  std::vector<double> floor_;            // a heap of the best scores so far, the least in front
  std::vector<int64_t> first_, after_;
  std::vector<int32_t> likeliest_;
  std::vector<int64_t> stamp_of_;        // [K] symbols with the present stamp have their prefix in the beam
  int64_t stamp_ = 0, most_;
};

}  // namespace

std::vector<CtcFound> ctc_search(const CtcFrames& frames, const bigru_ctc_search& search) {
  return Search(frames, search).run();
}

std::string check_search(const char* where, const bigru_ctc_search& s, int64_t K) {
  const std::string here = std::string(where) + ": ";
  if (s.width < 1) return here + "width must be at least 1, got " + std::to_string(s.width);
  if (s.n < 1 || s.n > s.width) return here + "n must be 1.." + std::to_string(s.width) + ", got " + std::to_string(s.n);
  if (s.candidates < 0) return here + "candidates must not be negative, got " + std::to_string(s.candidates);
  if (!(s.weight >= 0.0 && s.weight <= kMostWeight)) return here + "weight must be 0..1e6, got " + std::to_string(s.weight);
  if (!(std::fabs(s.bonus) <= kMostWeight)) return here + "bonus must be -1e6..1e6, got " + std::to_string(s.bonus);
  return s.model ? check_model(where, *s.model, K) : "";
}

}  // namespace bigru
