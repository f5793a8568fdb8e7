/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/id_tree.h"

struct leaf {
    uint32_t id, value;
};

/* The ids on the left have the bit clear, those on the right set.  A reference is
 * twice an index, plus one for a leaf. */
struct branch {
    uint32_t bit;
    uint32_t children[2];
};

static uint32_t leaf_reference(uint32_t index)
{
    return 2 * index + 1;
}

static struct leaf *leaf_at(const struct sstp_id_tree *tree, uint32_t reference)
{
    return sstp_array_at(&tree->leaves, reference / 2);
}

static struct branch *branch_at(const struct sstp_id_tree *tree, uint32_t reference)
{
    return sstp_array_at(&tree->branches, reference / 2);
}

static bool is_leaf(uint32_t reference)
{
    return reference % 2 == 1;
}

void sstp_id_tree_init(struct sstp_id_tree *tree, const struct sstp_mem *mem)
{
    sstp_array_init(&tree->leaves, mem, sizeof(struct leaf));
    sstp_array_init(&tree->branches, mem, sizeof(struct branch));
    tree->root = 0;
}

void sstp_id_tree_clear(struct sstp_id_tree *tree)
{
    sstp_array_clear(&tree->leaves);
    sstp_array_clear(&tree->branches);
    tree->root = 0;
}

/* The one leaf that can be this id's. */
static struct leaf *nearest(const struct sstp_id_tree *tree, uint32_t id)
{
    uint32_t at = tree->root;
    while (!is_leaf(at)) {
        const struct branch *branch = branch_at(tree, at);
        at = branch->children[(id & branch->bit) != 0];
    }
    return leaf_at(tree, at);
}

bool sstp_id_tree_find(const struct sstp_id_tree *tree, uint32_t id, uint32_t *value)
{
    if (tree->leaves.num == 0)
        return false;
    const struct leaf *leaf = nearest(tree, id);
    *value = leaf->value;
    return leaf->id == id;
}

static uint32_t highest_bit(uint32_t bits)
{
    while ((bits & (bits - 1)) != 0)
        bits &= bits - 1;
    return bits;
}

bool sstp_id_tree_put(struct sstp_id_tree *tree, uint32_t id, uint32_t value)
{
    uint32_t bit = 0;

    if (tree->leaves.num > 0) {
        struct leaf *leaf = nearest(tree, id);
        if (leaf->id == id) {
            leaf->value = value;
            return true;
        }
        bit = highest_bit(leaf->id ^ id);
    }
    if (tree->leaves.num >= UINT32_MAX / 2)
        return false;
    /* The branch first: one without a leaf is in nobody's way. */
    struct branch *branch = bit != 0 ? sstp_array_add(&tree->branches) : NULL;
    if (bit != 0 && branch == NULL)
        return false;
    const uint32_t new_branch = 2 * (tree->branches.num - 1);
    const uint32_t new_leaf = leaf_reference(tree->leaves.num);
    struct leaf *leaf = sstp_array_add(&tree->leaves);
    if (leaf == NULL)
        return false;
    *leaf = (struct leaf){id, value};
    if (bit == 0) {
        tree->root = new_leaf;
        return true;
    }
    uint32_t *at = &tree->root;
    while (!is_leaf(*at) && branch_at(tree, *at)->bit > bit)
        at = &branch_at(tree, *at)->children[(id & branch_at(tree, *at)->bit) != 0];
    branch->bit = bit;
    branch->children[(id & bit) != 0] = new_leaf;
    branch->children[(id & bit) == 0] = *at;
    *at = new_branch;
    return true;
}
