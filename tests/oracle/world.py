"""A spec twice: as the library builds and changes it, and as the definitions say."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np

from oracle.spec import Nodes, build, bundle_name, meaning, select


class World:
    """A fabric of the library and its meaning, changed side by side."""

    def __init__(self, spec):
        self.spec = spec
        self.fabric = build(spec)
        self.meaning = meaning(spec)
        built = [bundle.capacity for bundle in spec.bundles]
        limits = [group.capacity for group in spec.groups if group.capacity is not None]
        self.unit = max((number.denominator for number in [*built, *limits]), default=1)
        self.was_rounded = False
        for change in spec.changes:
            self.apply(change)

    def apply(self, change):
        if change.kind == "sampled":
            self.sample(*change.what, change.count, change.seed)
            return
        choice = change.what[0]
        chosen = self.meaning.ids if isinstance(choice, Nodes) else self.meaning.places
        if not chosen(choice):
            return
        selection = select(self.fabric, self.spec, choice)
        assert len(selection) == len(chosen(choice))
        if change.kind == "scaled":
            self.fabric = self.fabric.scaled(selection, change.factor)
            self.scale(self.meaning.places(choice), change.factor)
        elif isinstance(choice, Nodes):
            self.fabric = self.fabric.without(selection)
            self.meaning.down |= self.meaning.ids(choice)
        else:
            self.fabric = self.fabric.without(selection)
            for place in self.meaning.places(choice):
                self.meaning.links[place].up = False

    def scale(self, places, factor):
        for place in places:
            link = self.meaning.links[place]
            if link.up:
                exact = link.capacity * Fraction(repr(factor)) * self.unit
                link.capacity = Fraction(floor(exact), self.unit)
                self.was_rounded |= floor(exact) != exact

    def sample(self, index, count, seed):
        """What a sample holds is only seen by failing it: drawn from links that are up."""
        bundle = self.spec.bundles[index]
        own = [i for i, link in enumerate(self.meaning.links) if link.bundle == index]
        up = [i for i in own if self.meaning.is_up(self.meaning.links[i])]
        visible = all(self.meaning.links[i].capacity for i in up)
        count = min(count, len(up))
        if not count or not visible:
            return
        name = bundle_name(self.spec, bundle)
        chosen = self.fabric.sample_links(name, count, seed=seed)
        assert len(chosen) == count
        assert chosen == self.fabric.sample_links(name, count, seed=seed)
        assert chosen == self.fabric.materialize().sample_links(name, count, seed=seed)
        before = self.fabric.materialize().gbit_per_s
        self.fabric = self.fabric.without(chosen)
        gone = np.flatnonzero(before != self.fabric.materialize().gbit_per_s).tolist()
        assert len(gone) == count
        assert set(gone) <= set(up)
        for place in gone:
            self.meaning.links[place].up = False

    def select_nodes(self, choices):
        return [select(self.fabric, self.spec, choice) for choice in choices]

    def ids(self, choices):
        return set().union(*(self.meaning.ids(choice) for choice in choices))

    def listed(self):
        """Tails, heads and capacities in kbit/s of every link, in the documented order."""
        links = self.meaning.links
        return (
            [link.tail for link in links],
            [link.head for link in links],
            [self.meaning.capacity_now(link) for link in links],
        )
