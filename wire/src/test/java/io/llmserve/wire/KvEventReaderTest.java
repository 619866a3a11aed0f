package io.llmserve.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmserve.core.BlockHasher;
import io.llmserve.core.KvEvent;
import io.llmserve.core.KvEvent.Cleared;
import io.llmserve.core.KvEvent.Removed;
import io.llmserve.core.KvEvent.Stored;
import io.llmserve.core.KvEventBatch;
import io.llmserve.core.KvGroup;
import io.llmserve.core.KvMedium;
import io.llmserve.core.ServeException;
import io.llmserve.testkit.CapturedKvEvents;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

final class KvEventReaderTest {
    /// vLLM 0.32, 21 batches as received; what is expected is how Python's msgpack reads the same bytes.
    @Test
    void readsWhatVllmPublished() {
        List<KvEventBatch> batches = CapturedKvEvents.messages().stream()
                .map(message -> KvEventReader.read(message.sequence(), message.payload()))
                .toList();
        assertThat(batches).hasSize(21);
        Stored first = (Stored) batches.getFirst().events().getFirst();
        assertThat(batches.getFirst().seconds()).isEqualTo(1795266500.2437298);
        assertThat(first.names())
                .containsExactly(
                        8525322464315614304L,
                        Long.parseUnsignedLong("11786930289376155674"),
                        4401374965672984115L,
                        Long.parseUnsignedLong("16378025965494255651"),
                        1160997835455393774L,
                        3384524482069738662L);
        assertThat(first.parent()).isEmpty();
        assertThat(first.blockTokens()).isEqualTo(32);
        assertThat(first.tokens()).hasSize(192).startsWith(6403, 1980, 253).endsWith(281, 260, 6560);
        assertThat(first.medium()).isEqualTo(KvMedium.DEVICE);
        assertThat(first.group()).isEqualTo(KvGroup.ALL_LAYERS);
        assertThat(first.marks()).isEmpty();
        Stored second = (Stored) batches.get(1).events().getFirst();
        assertThat(second.parent()).hasValue(first.names()[5]);
        assertThat(batches.get(2).events()).hasAtLeastOneElementOfType(Cleared.class);
        assertThat(batches.stream().mapToInt(batch -> batch.events().size()).sum())
                .isEqualTo(26);
    }

    /// Array, fewer fields, and no rank: the form of vLLM 0.9.
    @Test
    void readsTheOlderForm() throws IOException {
        Value stored = array(
                text("BlockStored"), array(number(7), number(8)), number(6), numbers(1, 2, 3, 4), number(2), nil());
        Value removed = array(text("BlockRemoved"), array(number(7)));
        KvEventBatch batch = batch(ValueFactory.newFloat(2.5), array(stored, removed, array(text("AllBlocksCleared"))));
        assertThat(batch.seconds()).isEqualTo(2.5);
        Stored blocks = (Stored) batch.events().getFirst();
        assertThat(blocks.names()).containsExactly(7, 8);
        assertThat(blocks.parent()).isEqualTo(OptionalLong.of(6));
        assertThat(blocks.tokens()).containsExactly(1, 2, 3, 4);
        assertThat(blocks.blockTokens()).isEqualTo(2);
        assertThat(blocks.medium()).isEqualTo(KvMedium.DEVICE);
        assertThat(((Removed) batch.events().get(1)).names()).containsExactly(7);
        assertThat(batch.events().get(2)).isEqualTo(new Cleared());
    }

    /// The adapter of an older vLLM is a number: its blocks are apart from the model's, and match no name.
    @Test
    void anAdapterWithoutANameIsNotTheModel() throws IOException {
        assertThat(stored("lora_id", number(3)).adapter()).isEqualTo("#3");
        assertThat(stored("lora_name", text("poet")).adapter()).isEqualTo("poet");
    }

    @Test
    void hashesMayBeBytes() throws IOException {
        Value digest = ValueFactory.newBinary(new byte[] {9, 9, 9, -1, 0, 0, 0, 0, 0, 0, 5});
        assertThat(stored("block_hashes", array(digest)).names()).containsExactly(0xFF00000000000005L);
    }

    @Test
    void theSaltAndImagesMarkTheirBlocks() throws IOException {
        Value image = array(text("sha"), number(3));
        assertThat(marks("", array(text("salt")))).containsExactly(BlockHasher.mark("salt"));
        assertThat(marks("poet", array(text("poet"), text("salt")))).containsExactly(BlockHasher.mark("salt"));
        assertThat(marks("poet", array(text("poet")))).isEmpty();
        assertThat(marks("", array(image)))
                .isNotEqualTo(marks("", array(array(text("sha"), number(4)))))
                .isNotEqualTo(marks("", array(image, text("salt"))))
                .hasSize(1);
    }

    @Test
    void otherMediaAndKindsOfLayers() throws IOException {
        assertThat(stored("medium", text("CPU")).medium()).isEqualTo(KvMedium.HOST);
        assertThat(stored("medium", text("cpu")).medium()).isEqualTo(KvMedium.HOST);
        assertThat(stored("medium", text("STORAGE")).medium()).isEqualTo(KvMedium.STORAGE);
        assertThat(stored("kv_cache_spec_kind", text("sliding_window")).group().wholeContext())
                .isFalse();
        assertThat(stored("kv_cache_spec_kind", text("mla_attention")).group().wholeContext())
                .isTrue();
    }

    @Test
    void passesOverWhatItDoesNotKnow() throws IOException {
        Value event = map(text("type"), text("BlockSeen"), text("block_hashes"), array());
        assertThat(batch(ValueFactory.newFloat(1), array(event), number(0), text("more"))
                        .events())
                .isEmpty();
        assertThat(stored("surprise", array(map(text("a"), nil()))).names()).hasSize(1);
    }

    @Test
    void aBatchThatIsNoneIsAnError() {
        assertThatThrownBy(() -> batch(number(1)))
                .isInstanceOf(ServeException.class)
                .hasMessageContaining("1 fields");
        assertThatThrownBy(() -> batch(text("x"), array())).isInstanceOf(ServeException.class);
        assertThatThrownBy(() -> batch(ValueFactory.newFloat(1), array(array(text("BlockStored"), text("x")))))
                .isInstanceOf(ServeException.class);
        assertThatThrownBy(() -> KvEventReader.read(0, new byte[KvEventReader.MAX_BYTES + 1]))
                .hasMessageContaining("at most");
    }

    private static Stored stored(String field, Value value) throws IOException {
        KvEvent event = batch(
                        ValueFactory.newFloat(1),
                        array(map(
                                text("block_hashes"),
                                array(number(1)),
                                text("token_ids"),
                                numbers(4, 5),
                                text("block_size"),
                                number(2),
                                text(field),
                                value,
                                text("type"),
                                text("BlockStored"))))
                .events()
                .getFirst();
        return (Stored) event;
    }

    private static long[] marks(String adapter, Value keys) throws IOException {
        KvEvent event = batch(
                        ValueFactory.newFloat(1),
                        array(map(
                                text("type"),
                                text("BlockStored"),
                                text("block_hashes"),
                                array(number(1)),
                                text("extra_keys"),
                                array(keys),
                                text("lora_name"),
                                text(adapter))))
                .events()
                .getFirst();
        return ((Stored) event).marks();
    }

    private static KvEventBatch batch(Value... fields) throws IOException {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packValue(array(fields));
            return KvEventReader.read(0, packer.toByteArray());
        }
    }

    private static Value array(Value... elements) {
        return ValueFactory.newArray(elements);
    }

    private static Value map(Value... namesAndValues) {
        return ValueFactory.newMap(namesAndValues);
    }

    private static Value text(String text) {
        return ValueFactory.newString(text);
    }

    private static Value number(long number) {
        return ValueFactory.newInteger(number);
    }

    private static Value numbers(long... numbers) {
        return array(java.util.Arrays.stream(numbers)
                .mapToObj(KvEventReaderTest::number)
                .toArray(Value[]::new));
    }

    private static Value nil() {
        return ValueFactory.newNil();
    }
}
