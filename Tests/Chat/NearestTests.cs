using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

public class NearestTests
{
    private static readonly string[] Rooms = ["garden", "lobby", "music", "Hallway", "lounge"];

    [TestCase("loby", "lobby")]
    [TestCase("lobyb", "lobby")]
    [TestCase("LOBBY", "lobby")]
    [TestCase("lobbby", "lobby")]
    [TestCase("gadren", "garden")]
    [TestCase("gard", "garden")]
    [TestCase("hall", "Hallway")]
    [TestCase("musik", "music")]
    [TestCase("xyzzy", null)]
    [TestCase("l", null)]
    [TestCase("", null)]
    public void Slip_finds_the_room_that_was_meant(string word, string? meant) => Nearest.To(word, Rooms).Should().Be(meant);

    [Test]
    public void Swapped_letters_are_one_slip() => Nearest.To("jion", ["lion", "join"]).Should().Be("join");

    [Test]
    public void Of_equally_near_words_the_first_wins()
    {
        Nearest.To("cat", ["car", "can"]).Should().Be("car");
        Nearest.To("cat", ["can", "car"]).Should().Be("can");
    }

    [Test]
    public void Endless_words_are_near_to_nothing()
    {
        Nearest.To(new string('x', 100_000), Rooms).Should().BeNull();
        Nearest.To("lobby", [new string('x', 100_000), "", "lobby"]).Should().Be("lobby");
        Nearest.To(new string('x', 64), [new string('x', 63)]).Should().NotBeNull();
    }
}
