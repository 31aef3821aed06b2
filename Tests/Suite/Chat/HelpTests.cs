using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

/// <summary>The answer to <c>help</c>.</summary>
public class HelpTests
{
    [Test]
    public void Help_lists_every_type_with_a_valid_JSON_example()
    {
        var help = Help.CreateFrame(FrameId.From(1), null);
        help.Id.Should().Be(FrameId.From(1));
        help.About.Should().BeNull();
        help.Commands.Select(entry => Wire.Read(entry.Json).Type).Should().Contain(Enum.GetValues<ClientFrameType>());
        help.Commands.Select(entry => entry.Command).Should().OnlyHaveUniqueItems();
        foreach (var entry in help.Commands)
        {
            entry.Usage.Should().StartWith("/" + entry.Command);
            entry.Text.Should().NotBeEmpty();
            Wire.Read(Hint.AsCommand(entry.Json)).IsTyped.Should().BeTrue();
        }
    }

    [TestCase("say", "say")]
    [TestCase("/say", "say")]
    [TestCase("SAY", "say")]
    [TestCase(" j ", "join")]
    [TestCase("jion", "join")]
    [TestCase("me", "me")]
    public void Help_finds_a_command_by_its_name_its_alias_or_a_similar_word_and_shows_only_this_command(string about, string command)
    {
        var help = Help.CreateFrame(default, about);
        help.About.Should().Be(command);
        help.Commands.Should().ContainSingle().Which.Command.Should().Be(command);
    }

    [Test]
    public void Help_about_a_command_also_shows_its_variants() =>
        Help.CreateFrame(default, "create").Commands.Select(entry => entry.Command).Should().Equal("create", "create-private");

    [Test]
    public void Help_about_an_unknown_command_lists_all_commands()
    {
        var help = Help.CreateFrame(default, "frobnicate");
        help.About.Should().Be("frobnicate");
        help.Commands.Should().HaveCount(Commands.All.Length);
        Help.CreateFrame(default, "/").Commands.Should().HaveCount(Commands.All.Length);
    }

    [Test]
    public void Help_lists_only_commands_that_the_server_offers_but_explains_any_command_on_request()
    {
        static bool Offers(ClientFrameType type) => type is not (ClientFrameType.Dm or ClientFrameType.Kick);

        var all = Help.CreateFrame(default, null, Offers).Commands;
        all.Select(entry => entry.Command).Should().Equal(Commands.All.Select(form => form.Name).Where(word => word is not ("dm" or "kick")));
        all.Should().NotContain(entry => entry.Text.Contains("not offered by this server"));
        Help.CreateFrame(default, "dm", Offers).Commands.Should().ContainSingle().Which.Text.Should().StartWith("not offered by this server: opens");
    }

    [Test]
    public void Usage_marks_optional_arguments_and_the_text_names_the_aliases()
    {
        Help.CreateFrame(default, "kick").Commands[0].Usage.Should().Be("/kick name [seconds] [reason]");
        Help.CreateFrame(default, "format").Commands[0].Usage.Should().Be("/format text|json");
        Help.CreateFrame(default, "leave").Commands[0].Text.Should().Contain("/part");
    }
}
