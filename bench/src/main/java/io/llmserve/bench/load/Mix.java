package io.llmserve.bench.load;

import static io.llmserve.core.Checks.check;

import java.util.List;

/// Shapes and how often each comes.
public record Mix(List<Shape> shapes) {
    public Mix {
        shapes = List.copyOf(shapes);
        check(!shapes.isEmpty(), "a mix needs at least one shape");
        long names = shapes.stream().map(Shape::name).distinct().count();
        check(
                names == shapes.size(),
                "every shape of a mix has its own name, got %d names for %d",
                names,
                shapes.size());
    }

    /// The shape at `point` in [0, 1) of the distribution.
    Shape at(double point) {
        double left = point * shapes.stream().mapToDouble(Shape::weight).sum();
        for (Shape shape : shapes) {
            left -= shape.weight();
            if (left < 0) {
                return shape;
            }
        }
        return shapes.getLast();
    }
}
